"""Tests of fhir_adapters/smart/staff.py, with OpenEMR's recorded answers."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from fhir_adapters.smart import Keys, StaffAccount, StaffClient
from plugin.domain.errors import BadSettings, Unauthorized
from plugin.domain.launch import Tokens
from plugin.domain.rights import FOR_STAFF
from tests.fakes import START, FakeClock
from tests.fhir_adapters.smart.openemr_answers import BASE, OAUTH, OpenEmrAnswers, answering

BACK = "https://milepost.test/admin/sources/openemr/staff-account/back"
HELD = Tokens(access="old", refresh="old-refresh", expires_at=START, scopes=("user/message.write",))
TOO_LITTLE = 296
"""A recorded answer to a code with rights that are no use for messages; 274 holds all that they need."""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    made = Keys(tmp_path_factory.mktemp("keys") / "jwks.json", FakeClock())
    made.make()
    return made


def account(keys: Keys, secret: str | None = "the secret", back: str | None = BACK) -> StaffAccount:
    client = StaffClient(fhir_base=BASE, client_id="panel", client_secret=secret, redirect_uri=back)
    return StaffAccount(client, keys=keys, clock=FakeClock())


def test_it_signs_in_without_a_launch(keys: Keys) -> None:
    """With the rights of messages, and a refresh token: nobody is there when one is due."""
    with answering(OpenEmrAnswers([274])):
        url = account(keys).authorize_url(state="s" * 43, verifier="v" * 64, nonce="n")

    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked["scope"].split() == list(FOR_STAFF)
    assert (asked["redirect_uri"], asked["aud"], asked["state"]) == (BACK, BASE, "s" * 43)
    assert "launch" not in asked


def test_without_an_address_of_our_own_nobody_is_sent_there(keys: Keys) -> None:
    """They could not come back."""
    with answering(OpenEmrAnswers([274])), pytest.raises(BadSettings, match="MILEPOST_PUBLIC_URL"):
        account(keys, back=None).authorize_url(state="s", verifier="v", nonce="n")


def test_a_code_becomes_tokens_and_a_name(keys: Keys) -> None:
    """The secret goes with it; who signed in is known by a checked id_token."""
    with answering(OpenEmrAnswers([274])) as openemr:
        signed_in = account(keys).exchange(code="c", verifier="v", nonce="the-nonce")

    assert signed_in.tokens.refresh == "refresh-274"
    assert "user/message.write" in signed_in.tokens.scopes
    assert signed_in.identity.oidc_issuer == OAUTH
    assert openemr.forms[0]["client_secret"] == "the secret"
    assert "refresh-274" not in repr(signed_in)


def test_without_a_secret_it_proves_itself_with_our_key(keys: Keys) -> None:
    """As our own reading does."""
    with answering(OpenEmrAnswers([274])) as openemr:
        account(keys, secret=None).refresh(HELD)

    assert openemr.forms[0]["client_assertion"].count(".") == 2
    assert "client_secret" not in openemr.forms[0]


def test_an_account_that_was_let_do_too_little_is_not_taken(keys: Keys) -> None:
    """It is said what it cannot do, and what to do about it."""
    with answering(OpenEmrAnswers([TOO_LITTLE])), pytest.raises(Unauthorized) as refused:
        account(keys).exchange(code="c", verifier="v", nonce="the-nonce")

    assert "cannot write staff messages: user/message.write was not granted" in str(refused.value)
    assert "register the client for staff messages anew" in str(refused.value)


@pytest.mark.parametrize(("number", "words"), [(322, "Consent was refused"), (318, "client is not enabled")])
def test_a_code_that_is_refused_says_what_to_do(keys: Keys, number: int, words: str) -> None:
    """A refused consent comes back with a code too. Whoever reads it has clicked, and knows of no addresses or codes."""
    with answering(OpenEmrAnswers([number])), pytest.raises(Unauthorized, match=words) as refused:
        account(keys).exchange(code="CANARY", verifier="v", nonce="the-nonce")

    assert re.search(r"http|invalid_|CANARY|\d", str(refused.value)) is None


def test_an_id_token_of_another_sign_in_is_refused(keys: Keys) -> None:
    """The nonce is this one's."""
    with answering(OpenEmrAnswers([274])), pytest.raises(Unauthorized, match="id_token"):
        account(keys).exchange(code="c", verifier="v", nonce="another")


def test_a_refresh_replaces_both_tokens(keys: Keys) -> None:
    """The old ones are good for nothing afterwards."""
    with answering(OpenEmrAnswers([274])) as openemr:
        renewed = account(keys).refresh(HELD)

    assert (renewed.access, renewed.refresh) == ("access-274", "refresh-274")
    assert openemr.forms[0]["grant_type"] == "refresh_token"
    assert openemr.forms[0]["refresh_token"] == "old-refresh"
    assert openemr.forms[0]["client_secret"] == "the secret"


@pytest.mark.parametrize(("number", "words"), [(276, "sign in again"), (288, "client is not enabled")])
def test_a_refresh_that_is_refused_ends_the_sign_in(keys: Keys, number: int, words: str) -> None:
    """Used before (401, invalid_request), or its client was switched off."""
    with answering(OpenEmrAnswers([number])), pytest.raises(Unauthorized, match=words):
        account(keys).refresh(HELD)


def test_a_narrower_refresh_says_what_is_left(keys: Keys) -> None:
    """Narrower once is narrower for good (recording 279); whoever keeps the account compares."""
    with answering(OpenEmrAnswers([279])):
        assert "user/message.write" not in account(keys).refresh(HELD).scopes


def test_without_a_refresh_token_nothing_is_asked(keys: Keys) -> None:
    """There is nothing to ask with."""
    without = Tokens(access="a", expires_at=START)

    with answering(OpenEmrAnswers([274])) as openemr, pytest.raises(Unauthorized, match="sign in again"):
        account(keys).refresh(without)

    assert openemr.forms == []

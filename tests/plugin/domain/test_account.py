"""Local accounts: pauses that grow, and how long a proof lasts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from plugin.domain.account import PROVEN_FOR, Account, SignedIn, check_proven
from plugin.domain.errors import ProofNeeded

NOW = datetime(2026, 6, 16, 12, tzinfo=UTC)
ACCOUNT = Account(person_id=1, name="demo-lee", password_hash="a hash")


def test_the_pauses_grow_and_have_an_end() -> None:
    """Four attempts are free; from the fifth on an account is closed for 30 seconds, then twice as long, at most a quarter
    of an hour."""
    account, pauses = ACCOUNT, []
    for _ in range(12):
        account = account.refused(NOW)
        pauses.append((account.locked_until or NOW) - NOW)

    seconds = [int(pause.total_seconds()) for pause in pauses]
    assert seconds == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_a_pause_ends_by_itself() -> None:
    """To the second."""
    account = replace(ACCOUNT, locked_until=NOW)

    assert account.is_locked(NOW - timedelta(seconds=1))
    assert not account.is_locked(NOW)
    assert not ACCOUNT.is_locked(NOW)


@pytest.mark.parametrize(
    ("secret", "must_change", "is_set_up"), [(None, False, False), ("s", True, False), ("s", False, True)]
)
def test_it_is_set_up_with_both(secret: str | None, must_change: bool, is_set_up: bool) -> None:
    """A password of one's own, and a second factor."""
    assert replace(ACCOUNT, totp_secret=secret, must_change=must_change).is_set_up is is_set_up


def test_secrets_are_in_no_repr() -> None:
    """An account, printed, tells neither hash nor secret."""
    assert "a hash" not in repr(replace(ACCOUNT, totp_secret="the-secret"))
    assert "the-secret" not in repr(replace(ACCOUNT, totp_secret="the-secret"))


def test_a_proof_lasts_ten_minutes() -> None:
    """Until its last second; then password and code are asked for once more."""
    who = SignedIn(
        session="s",
        person_id=1,
        who="user:1",
        name="Demo-Lee",
        roles=(),
        origin="192.0.2.7",
        signed_in_at=NOW,
        proven_at=NOW,
        ends_at=NOW + timedelta(hours=10),
    )

    check_proven(who, NOW + PROVEN_FOR)
    with pytest.raises(ProofNeeded):
        check_proven(who, NOW + PROVEN_FOR + timedelta(seconds=1))
    assert who.told == {"session": "s", "from": "192.0.2.7"}

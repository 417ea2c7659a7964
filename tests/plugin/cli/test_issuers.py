"""`milepost issuer`: what is typed, and what is printed, over a practice of fakes."""

import io
import sys
from pathlib import Path

import pytest

from plugin.domain.errors import CannotDo
from plugin.domain.issuer import ClientAuth, Issuer
from tests.builders import World
from tests.plugin.cli.typed import Typed

BASE = "https://ehr.example/fhir"
ADD = ("issuer", "add", "ehr", BASE, "--client-id", "milepost")


def only(world: World) -> Issuer:
    """The one that is stored."""
    with world.look() as uow:
        (issuer,) = uow.issuers.all()
    return issuer


def test_the_least_that_must_be_typed(world: World, typed: Typed) -> None:
    """The rest follows from the FHIR base and the only source; what to do next is said."""
    shown = typed.text(*ADD)

    issuer = only(world)
    assert (issuer.fhir_base, issuer.source, issuer.client_auth) == (BASE, "main", ClientAuth.PUBLIC)
    assert (issuer.oidc_issuer, issuer.allowed_hosts) == ("https://ehr.example", ("ehr.example",))
    assert (issuer.ehr_origins, issuer.least_role, issuer.client_secret) == ((), None, None)
    assert "launch https://milepost.test/launch, redirect https://milepost.test/callback/ehr" in shown
    assert "No --origin was given" in shown
    assert "Next: `milepost issuer test ehr`." in shown


def test_everything_that_may_be_typed(world: World, typed: Typed, tmp_path: Path) -> None:
    """Each option lands in its field; the secret comes from a file and is shown nowhere."""
    (tmp_path / "secret").write_text("s3cret\n")
    options = {
        "--source": "main",
        "--auth": "client_secret",
        "--secret-file": str(tmp_path / "secret"),
        "--algorithm": "ES384",
        "--oidc-issuer": "https://login.example/oauth2/default",
        "--origin": "https://ehr.example",
        "--host": "keys.example:8443",
        "--scope": "openid",
        "--least-role": "medical-assistant",
    }

    shown = typed.text(*ADD, *(word for option in options.items() for word in option))
    shown += typed.text("issuer", "list")
    (listed,) = typed.json("issuer", "list")

    issuer = only(world)
    assert (issuer.client_auth, issuer.client_secret, issuer.algorithm) == (ClientAuth.SECRET, "s3cret", "ES384")
    assert issuer.allowed_hosts == ("ehr.example", "login.example", "keys.example:8443")
    assert (issuer.scopes, issuer.ehr_origins) == (("openid",), ("https://ehr.example",))
    assert (listed["least_role"], listed["oidc_issuer"]) == ("medical-assistant", issuer.oidc_issuer)
    assert "medical assistant" in shown
    assert "s3cret" not in shown + str(listed)


def test_a_secret_by_standard_input(world: World, typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """As scripts hand it over."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("s3cret\n"))

    typed.text(*ADD, "--auth", "client_secret", "--secret-file", "-")

    assert only(world).client_secret == "s3cret"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--auth", "client_secret"), "The client secret is missing: give --secret-file"),
        (("--auth", "client_secret", "--secret-file", "/nowhere"), "The client secret's file /nowhere cannot be read"),
        (("--auth", "password"), "'password' is not one of"),
        (("--source", "elsewhere"), "no source elsewhere"),
        (("--origin", "https://ehr.example/chart"), "without a path: https://ehr.example"),
        (("--least-role", "surgeon"), "least role 'surgeon' is none"),
        (("--oidc-issuer", "http://login.example"), "must begin with https"),
    ],
)
def test_what_is_typed_wrong(
    world: World,
    typed: Typed,
    words: tuple[str, ...],
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line, exit 2, and nothing is stored."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    assert complaint in typed.wrong(*ADD, *words)

    with world.look() as uow:
        assert uow.issuers.all() == []


def test_one_is_tried(world: World, typed: Typed) -> None:
    """Exit 0 when people can come in, 1 when they cannot."""
    typed.text(*ADD)

    good = typed.text("issuer", "test", "ehr")
    checks = typed.json("issuer", "test", "ehr")
    world.smart.failure = CannotDo("It names no token_endpoint.")
    bad = typed.text("issuer", "test", "ehr", code=1)

    assert "must be registered at the EHR" in good
    assert all(check["is_good"] for check in checks)
    assert "FAILED  smart-configuration  It names no token_endpoint. Nobody can open the panel." in bad


def test_none_yet(world: World, typed: Typed) -> None:
    """How the first is made."""
    assert "milepost issuer add SLUG FHIR_BASE" in typed.text("issuer", "list")
    assert typed.json("issuer", "list") == []

"""`milepost user`: what is typed, and what is printed, over a practice of fakes."""

from dataclasses import replace

import pytest

from plugin.domain.launch import Identity
from tests.builders import World
from tests.contract.storage.given import a_session
from tests.fakes import START
from tests.plugin.cli.typed import Typed

GRANT = ("user", "grant", "ehr", "s-1")


@pytest.fixture
def ehr(world: World, typed: Typed) -> World:
    """An EHR is registered."""
    typed.text("issuer", "add", "ehr", "https://ehr.example/fhir", "--client-id", "milepost")
    return world


def test_roles_are_given_and_taken(ehr: World, typed: Typed) -> None:
    """In plain words for people, as codes for scripts; who said so is in the audit."""
    shown = typed.text(*GRANT, "scheduler", "coach", "--by", "a lead")
    given = typed.json(*GRANT, "provider")
    none = typed.text(*GRANT, "--none")

    assert shown == "ehr, s-1: coach, front desk.\n"
    assert given["roles"] == ["provider"]
    assert none == "ehr, s-1: no role of their own.\n"
    with ehr.look() as uow:
        by = [entry.who for entry in uow.audit.entries() if entry.action == "grant"]
    assert by[-1] == "a lead"
    assert by[0].endswith(" at the command line")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (GRANT, "Which roles?"),
        ((*GRANT, "coach", "--none"), "Which roles?"),
        ((*GRANT, "surgeon"), "surgeon: no such role; there is: administrator"),
        (("user", "grant", "elsewhere", "s-1", "coach"), "no issuer elsewhere; there is: ehr"),
    ],
)
def test_what_is_typed_wrong(ehr: World, typed: Typed, words: tuple[str, ...], complaint: str) -> None:
    """One line, exit 2."""
    assert complaint in typed.wrong(*words)
    assert typed.json("user", "list") == []


def test_everybody_is_listed(ehr: World, typed: Typed) -> None:
    """Name, issuer, roles and last launch; who never came has a dash and "never"."""
    identity = Identity(oidc_issuer="https://ehr.example", subject="s-1", name="Demo-Cho, Ana")
    with ehr.database.begin() as uow:
        person = uow.people.seen(identity, START)
        uow.people.launched(replace(a_session(person_id=person.id), source_id=ehr.source.id), START)
        uow.commit()
    typed.text(*GRANT, "provider")
    typed.text("user", "grant", "ehr", "s-2", "scheduler")

    lines = typed.text("user", "list").splitlines()
    listed = typed.json("user", "list")

    assert [line.split() for line in lines[1:]] == [
        ["Demo-Cho,", "Ana", "ehr", "s-1", "provider", "2026-06-16", "12:00:00+00:00"],
        ["-", "ehr", "s-2", "front", "desk", "never"],
    ]
    assert [each["last_launch"] for each in listed] == ["2026-06-16T12:00:00+00:00", None]
    assert listed[0]["issuers"] == ["ehr"]


def test_somebody_is_let_out_and_in(ehr: World, typed: Typed) -> None:
    """Their roles stay."""
    typed.text(*GRANT, "coach")

    out = typed.text("user", "disable", "ehr", "s-1")
    listed = typed.text("user", "list")
    back = typed.text("user", "enable", "ehr", "s-1")

    assert out == "ehr, s-1: may not come in any more.\n"
    assert "coach (may not come in)" in listed
    assert back == "ehr, s-1: may come in again (coach).\n"


def test_nobody_yet(world: World, typed: Typed) -> None:
    """How the first is made."""
    assert "milepost user grant ISSUER SUBJECT ROLE" in typed.text("user", "list")

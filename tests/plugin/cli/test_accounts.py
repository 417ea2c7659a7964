"""`milepost user add` and `reset`: the first administrator, and who has lost everything."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from plugin.usecases.sign_in import Attempt, sign_in
from tests.admin import with_tokens
from tests.builders import World
from tests.plugin.cli.typed import Typed

ADD = ("user", "add", "demo-lee", "--role", "administrator")


def opens(world: World, password: str) -> bool:
    """Whether this password opens the first sign-in."""
    attempt = Attempt(name="demo-lee", password=password, code="", origin="192.0.2.7")
    return sign_in(world.services, attempt) is not None


def test_the_first_administrator(world: World, typed: Typed) -> None:
    """The password for the first sign-in is printed once; the list shows who signs in here."""
    printed = typed.text(*ADD, "--person-name", "Demo-Lee, Robin", "--by", "a lead").splitlines()

    assert printed[0] == "demo-lee: administrator."
    assert opens(world, printed[1].rpartition(" ")[2])
    assert ["Demo-Lee,", "Robin", "local", "demo-lee", "administrator", "never"] in [
        line.split() for line in typed.text("user", "list").splitlines()
    ]
    (listed,) = typed.json("user", "list")
    assert (listed["account"], listed["set_up"]) == ("demo-lee", False)
    with world.look() as uow:
        assert [row.who for row in uow.audit.entries() if row.action == "add-account"] == ["a lead"]


def test_a_password_from_a_file_or_from_standard_input(
    world: World, typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from the command line, where others could read it; and it is not said again."""
    (tmp_path / "password").write_text("four plain synthetic words\n")
    given = typed.json(*ADD, "--password-file", str(tmp_path / "password"))
    assert "password" not in given
    assert opens(world, "four plain synthetic words")

    monkeypatch.setattr(sys, "stdin", io.StringIO("other plain synthetic words"))
    typed.text("user", "reset", "Demo-Lee", "--password-file", "-")
    assert opens(world, "other plain synthetic words")


def test_starting_over(world: World, typed: Typed) -> None:
    """A new password; the old one opens nothing."""
    with_tokens(world)
    first = typed.json(*ADD)["password"]
    second = typed.json("user", "reset", "demo-lee")["password"]

    assert first != second
    assert not opens(world, first)
    assert opens(world, second)


def test_out_and_in_at_the_terminal(world: World, typed: Typed) -> None:
    """`local` stands in the place of an EHR."""
    password = typed.json(*ADD)["password"]

    typed.text("user", "disable", "local", "demo-lee")
    assert not opens(world, password)
    typed.text("user", "enable", "local", "demo-lee")
    assert opens(world, password)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("user", "add", "demo-lee"), "--role"),
        (("user", "add", "demo-lee", "--role", "surgeon"), "surgeon: no such role"),
        (("user", "add", "x", "--role", "coach"), "Two characters or more"),
        (("user", "reset", "demo-nobody"), "no account 'demo-nobody'"),
        (("user", "disable", "local", "demo-nobody"), "no account 'demo-nobody'"),
        ((*ADD, "--password-file", "/nowhere"), "cannot be read"),
    ],
)
def test_what_is_typed_wrong(world: World, typed: Typed, words: tuple[str, ...], complaint: str) -> None:
    """One line, exit 2, nobody made."""
    assert complaint in typed.wrong(*words)
    assert typed.json("user", "list") == []

"""The demo's accounts for the admin pages: one person for each kind of work there, none of them of this world."""

import os
import secrets
import shlex
from dataclasses import dataclass

from deploy.demo.command import Command
from deploy.demo.place import Place

WORDS = 3


@dataclass(frozen=True, slots=True)
class Account:
    """``name`` is what is typed at the sign-in, ``look`` where its owner begins and what is to be seen there."""

    name: str
    person: str
    role: str
    look: str


ACCOUNTS = (
    Account(
        "coordinator",
        "Exa Queueworth",
        "coordinator",
        "Work: take the top line, by mouse or by j, k, c and Enter, and say what came of it.",
    ),
    Account(
        "editor",
        "Proba Draftwell",
        "program-editor",
        "Ladders: tell the provider after ten days, not fifteen; preview that on the whole caseload, and publish it.",
    ),
    Account(
        "lead",
        "Testa Leadsby",
        "practice-lead",
        "Home: agree to a change that is too large for one person alone, or not; and all that a coordinator does.",
    ),
    Account(
        "admin",
        "Probo Keysmith",
        "administrator",
        "People, Sources, System: who may come in, what is connected, what runs.",
    ),
    Account(
        "auditor", "Demo Readwell", "auditor", "Audit: everything that was read and done, also what you did just now."
    ),
)


def invite(command: Command, place: Place) -> None:
    """Each of them, with one password for the first sign-in, which is made now and stands in a file of the demo's."""
    _write(place, "-".join(secrets.token_hex(2) for _ in range(WORDS)))
    words = ("--password-file", str(place.first_password), "--by", "the demo")
    command.python(
        "deploy.demo.several",
        *(
            shlex.join(["user", "add", one.name, "--role", one.role, "--person-name", one.person, *words])
            for one in ACCOUNTS
        ),
    )


def first_password(place: Place) -> str | None:
    """As it was made; None in the folder of a demo that knew no accounts yet."""
    try:
        return place.first_password.read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _write(place: Place, password: str) -> None:
    place.first_password.unlink(missing_ok=True)
    with os.fdopen(os.open(place.first_password, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write(f"{password}\n")

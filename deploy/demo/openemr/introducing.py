"""Milepost and OpenEMR come to know each other: where milestone Tasks go, who works there, the staff account."""

from __future__ import annotations

from deploy.demo.chart_side import Ehr
from deploy.demo.command import Command
from deploy.demo.ehr.people import PEOPLE
from deploy.demo.generator.practice import STAFF
from deploy.demo.openemr.clients import Client
from deploy.demo.openemr.practice import Entered
from deploy.demo.openemr.staff import MESSENGER
from deploy.demo.place import SLUG, Place

STORE = "store"
_OWN_INBOX = ("coordinator", "coach", "scheduler")
"""Roles of which the practice has one person each."""


def roles_of(practice: Entered) -> dict[str, str]:
    """User name -> role, of everybody who works with charts."""
    known = zip(STAFF, practice.staff.values(), strict=True)
    others = {one.login: one.role for one in PEOPLE if one.staff is None}
    return {user.username: role for (_, _, role, *_), user in known} | others


def add_source(command: Command, fhir: str, reading: Client) -> str:
    """What the command says."""
    return command.run("source", "add", SLUG, fhir, "--kind", "openemr", "--client-id", reading.id)


def set_store(command: Command, store: Ehr) -> str:
    """Tasks go to a FHIR store."""
    only = ("--filter", f"_tag={store.filter}") if store.tag else ()
    command.run("source", "add", STORE, store.base, "--store", *only)
    return command.run("source", "set", SLUG, "--companion", STORE)


def set_inboxes(command: Command, practice: Entered) -> str:
    """Messages go to whoever owns a step, else to whoever has the role, else to the coordinator."""
    named = {f"Practitioner/{one.uuid}": one.username for one in practice.staff.values()}
    roles = {role: name for name, role in roles_of(practice).items() if role in _OWN_INBOX}
    inboxes = {**named, **roles, "sender": MESSENGER}
    words = [word for who, name in inboxes.items() for word in ("--inbox", f"{who}={name}")]
    return command.run("source", "set", SLUG, "--sink", "message", *words)


def add_issuer(command: Command, place: Place, url: str, fhir: str, panel: Client) -> None:
    """OpenEMR's charts may open the panel."""
    known = ("--source", SLUG, "--client-id", panel.id, "--auth", "client_secret", "--origin", url)
    secret = ("--secret-file", str(place.secret("panel", panel.secret)))
    command.run("issuer", "add", SLUG, fhir, *known, *secret, "--oidc-issuer", f"{url}/oauth2/default")


def give_roles(command: Command, practice: Entered) -> None:
    """To each of OpenEMR's people, by the id under which it vouches for them."""
    users = {one.username: one.uuid for one in practice.clinic.users.values()}
    roles = roles_of(practice).items()
    grants = [f"user grant {SLUG} {users[name]} {role} --by 'the demo'" for name, role in roles]
    command.python("deploy.demo.several", *grants)


def sign_in(command: Command, place: Place, url: str, messages: Client) -> str:
    """The staff account that writes the messages; as whom, by OpenEMR's word."""
    secret = str(place.secret("messages", messages.secret))
    return command.python("deploy.demo.openemr.sign_in", SLUG, url, MESSENGER, messages.id, secret).strip()

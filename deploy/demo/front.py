"""The demo's EHR in front of HAPI, and how Milepost and it come to know each other."""

import contextlib
from collections.abc import Mapping
from typing import Any

import orjson

from deploy.demo import children
from deploy.demo.children import Child
from deploy.demo.command import Command
from deploy.demo.ehr.clients import Client, Proof, as_json
from deploy.demo.ehr.people import PEOPLE
from deploy.demo.ehr.server import DemoEhr, command_line
from deploy.demo.place import Place

CLIENT = "milepost"
ISSUER = "demo"
WITHIN_S = 60.0
WRITTEN = ("Communication", "DetectedIssue", "Device", "Flag", "Provenance", "Subscription", "Task")
SCOPES = (
    *("launch", "launch/patient", "openid", "fhirUser", "profile", "online_access", "patient/*.rs", "system/*.rs"),
    *(f"system/{type_}.cruds" for type_ in WRITTEN),
)


def milepost_at(web: str, jwks: Mapping[str, Any]) -> Client:  # Any: a JWK Set, as JSON
    """Milepost as it is registered at the EHR: ``web`` is the origin of its pages."""
    return Client(
        id=CLIENT,
        name="Milepost",
        proof=Proof.KEY,
        scopes=SCOPES,
        redirect_uris=(f"{web}/callback/{ISSUER}",),
        launch_url=f"{web}/launch",
        standalone_url=f"{web}/standalone/{ISSUER}",
        jwks_uri=f"{web}/.well-known/jwks.json",
        jwks=jwks,
    )


def started(
    held: contextlib.ExitStack,
    ehr: DemoEhr,
    *,
    command: Command,
    place: Place,
    web: str,
    behind: str,
    tag: str = "",
    first: str = "",
) -> Child:
    """The EHR in front of the FHIR server ``behind``, when it answers; it is stopped with ``held``. ``first`` is whose
    chart is seen first. Milepost's keys are made already; its pages at ``web`` need not answer yet."""
    registered = milepost_at(web, orjson.loads(command.run("keys", "jwks")))
    place.clients.write_bytes(as_json([registered]))
    words = command_line(behind, ehr.port, place.clients, tag=tag, first=first)
    child = held.enter_context(
        children.child(
            "the demo EHR",
            words,
            log=place.ehr_log,
            environment=command.environment,
            stop_within=children.SOON_S,
        )
    )
    child.wait_until(ehr.is_answering, WITHIN_S)
    return child


def introduce(command: Command, ehr: DemoEhr, source: str) -> None:
    """Tells Milepost of the EHR's authorization server, and gives its four people their roles."""
    known = ("--source", source, "--client-id", CLIENT, "--auth", "private_key_jwt", "--origin", ehr.url)
    command.run("issuer", "add", ISSUER, ehr.fhir, *known)
    grants = [f"user grant {ISSUER} {person.login} {person.role} --by 'the demo'" for person in PEOPLE]
    command.python("deploy.demo.several", *grants)

"""Whatever is wrong with an OpenEMR's answers is told in words, and never taken for "no data": the chart that we have,
its gaps, Tasks and messages stay as they are, and the next poll goes on (row 36)."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import request

from deploy.openemr.recorded.answer import Answer, json_answer
from deploy.openemr.recorded.trouble import KINDS
from plugin.domain.errors import MilepostError
from plugin.usecases.reconcile import reconcile
from plugin.usecases.sources import check_source
from plugin.usecases.status import status
from tests.admin import AdminClient, signed_in_client
from tests.openemr_world import NOON, PATIENCE, SLUGS, Beside, beside_openemr

Json = dict[str, Any]  # Any: FHIR's own JSON
Spoil = Callable[[Answer], Answer]
FHIR = "/apis/default/fhir/"
DAY_IS_OVER = threading.Event()


@dataclass(frozen=True)
class Trouble:
    """What becomes of answers about ``types`` (none: of all), what a poll says of it, and, where that is something else,
    what `milepost source test` says. ``is_told_aside``: the poll goes on without the type, which is named on the page.
    ``patience``: of the workers that meet it."""

    spoil: Spoil
    words: str
    types: tuple[str, ...] = ("",)
    tested: str | None = None
    is_told_aside: bool = False
    patience: timedelta = PATIENCE


def _says(status_: int, message: str) -> Spoil:
    return lambda _: json_answer(status_, {"error": "An error occurred", "message": message, "code": 0})


def _empty_bundle(given: Answer) -> Answer:
    """As for a parameter that it does not know."""
    if b'"Bundle"' not in given.body:
        return given
    return json_answer(200, {"resourceType": "Bundle", "type": "collection", "total": 0, "link": []})


def _half_a_bundle(given: Answer) -> Answer:
    """Well-formed, with a part of its entries."""
    found = json.loads(given.body)
    entries = found.get("entry", []) if isinstance(found, dict) else []
    return json_answer(200, {**found, "entry": entries[: len(entries) // 2]}) if entries else given


def _bundle_with(change: Callable[[list[Json]], list[Json]]) -> Spoil:
    """The resources of a Bundle, changed."""

    def spoil(given: Answer) -> Answer:
        found = json.loads(given.body)
        resources = [entry["resource"] for entry in found.get("entry", [])] if isinstance(found, dict) else []
        if not resources:
            return given
        changed = change(resources)
        return json_answer(200, {**found, "total": len(changed), "entry": [{"resource": one} for one in changed]})

    return spoil


def _of(patient: str) -> Callable[[list[Json]], list[Json]]:
    """The first is said to be somebody else's."""
    return lambda found: [{**found[0], "subject": {"reference": patient}}, *found[1:]]


def _booked_for(patient: str) -> Callable[[list[Json]], list[Json]]:
    who = [{"actor": {"reference": patient}, "status": "accepted"}]
    return lambda found: [{**one, "participant": who} for one in found]


def _twice(found: list[Json]) -> list[Json]:
    """One id, two patients."""
    return [*found, {**found[0], "subject": found[-1]["subject"]}]


def _odd_ids(found: list[Json]) -> list[Json]:
    """Beside good ones."""
    return [*found, *({"resourceType": "Patient", "id": id_} for id_ in ("<script>", "9", "' OR 1=1", "../Task"))]


def _dropped(given: Answer) -> Answer:
    """In the middle of it the connection ends."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(given.body)
    connection.sendall(head + given.body[: len(given.body) // 2])
    connection.shutdown(socket.SHUT_RDWR)
    return given


def _slow(given: Answer) -> Answer:
    """Slower than anybody is patient: it comes when nobody asks for it any more."""
    DAY_IS_OVER.wait(60)
    return given


def _huge(given: Answer) -> Answer:
    return replace(given, body=given.body.ljust(7 * 1024 * 1024))


ALL = ("",)
DUE = ("Patient", "CarePlan", "Appointment")
PLANS = ("CarePlan",)
BOOKINGS = ("Appointment",)
VISITS = ("Encounter",)
NOT_OURS = "does not let us read the type"
ELSEWHERE = "about a patient of another server"
STRANGER = "Patient/a3485482-0000-4000-8000-000000000009"
TROUBLES = {
    "api off": Trouble(_says(501, "OpenEMR Error: api is not enabled"), "the API is switched off there"),
    "missing scope": Trouble(_says(401, "Unauthorized"), "does not have the scope", PLANS),
    "missing scope, of a type that can be done without": Trouble(
        _says(401, "Unauthorized"), NOT_OURS, VISITS, tested="", is_told_aside=True
    ),
    "acl": Trouble(
        _says(403, "Organization policy does not have permit access resource"),
        "the user of this token has no access to it in OpenEMR (ACL)",
        BOOKINGS,
        tested="",
    ),
    "acl, of a type that can be done without": Trouble(
        _says(403, "Organization policy does not have permit access resource"),
        NOT_OURS,
        VISITS,
        tested="",
        is_told_aside=True,
    ),
    "revoked trust": Trouble(_says(400, "Refresh Token revoked or logged out"), "the trust was withdrawn"),
    "an error with 200": Trouble(KINDS["error body"], "200, but the answer is an error"),
    "an error with 200, about plans": Trouble(KINDS["error body"], "200, but the answer is an error", PLANS),
    "html": Trouble(KINDS["html"], "answered with a web page; is this the address of the FHIR API?"),
    "html, about bookings": Trouble(KINDS["html"], "answered with a web page", BOOKINGS, tested=""),
    "warnings before it": Trouble(KINDS["php warning"], "", tested=""),
    "nothing": Trouble(KINDS["empty"], "answered with nothing"),
    "empty, of everybody": Trouble(_empty_bundle, "still there", tested="as if it had none"),
    "empty, about plans": Trouble(_empty_bundle, "CarePlan: the answer was empty", PLANS, tested=""),
    "empty, about bookings": Trouble(_empty_bundle, "Appointment: the answer was empty", BOOKINGS, tested=""),
    "empty, about visits": Trouble(_empty_bundle, "", VISITS, tested=""),
    "half of it": Trouble(KINDS["half"], "JSON that breaks off"),
    "half of it, about plans": Trouble(KINDS["half"], "JSON that breaks off", PLANS),
    "fewer than it says": Trouble(_half_a_bundle, "does not hold as many entries as it says", PLANS, tested=""),
    "an error after it": Trouble(KINDS["trailing error"], "can OpenEMR's database take its log", PLANS),
    "too large": Trouble(_huge, "the answer is larger than", PLANS),
    "too large, of one booking": Trouble(_huge, "more than this OpenEMR can send", BOOKINGS, tested=""),
    "slow": Trouble(_slow, "no answer in time", patience=timedelta(seconds=0.5)),
    "dropped": Trouble(_dropped, "the connection was cut before the answer was complete", PLANS),
    "a proxy's page": Trouble(KINDS["bad gateway"], "502"),
    "a plan of a stranger": Trouble(_bundle_with(_of(STRANGER)), "who were not asked for", PLANS, tested=""),
    "a plan at another host": Trouble(
        _bundle_with(_of(f"https://evil.example/fhir/{STRANGER}")), ELSEWHERE, PLANS, tested="", is_told_aside=True
    ),
    "bookings at another host": Trouble(
        _bundle_with(_booked_for(f"https://evil.example/fhir/{STRANGER}")),
        ELSEWHERE,
        BOOKINGS,
        tested="",
        is_told_aside=True,
    ),
    "one id for two patients": Trouble(_bundle_with(_twice), "one id for things of different", PLANS, tested=""),
    "patients with odd ids": Trouble(_bundle_with(_odd_ids), "", ("Patient",), tested=""),
    "gone, all of it": Trouble(lambda _: json_answer(404, {"message": "Route not found"}), "does not offer it"),
}


@pytest.fixture(scope="module")
def standing(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """Once; each day leaves it as it was."""
    with beside_openemr(tmp_path_factory.mktemp("beside"), empty_sqlite) as made:
        yield made


@pytest.fixture(scope="module")
def admin(standing: Beside) -> AdminClient:
    """An administrator."""
    return signed_in_client(standing.world)


@pytest.fixture
def beside(standing: Beside) -> Iterator[Beside]:
    """With workers that have just started."""
    standing.restart()
    DAY_IS_OVER.clear()
    yield standing
    DAY_IS_OVER.set()
    standing.spoil(None)


@pytest.mark.parametrize("name", TROUBLES)
def test_it_is_told_and_nothing_is_done(beside: Beside, admin: AdminClient, name: str) -> None:
    """By poll, nightly comparison, `source test`, status and the source's page; then the next poll brings what is new."""
    trouble, slug = TROUBLES[name], SLUGS[list(TROUBLES).index(name) % len(SLUGS)]
    before, stood = beside.tables(), beside.standing()
    if trouble.patience != PATIENCE:
        beside.restart(trouble.patience)
    about = tuple(f"{FHIR}{type_}" for type_ in trouble.types)
    beside.spoil(lambda given, path: trouble.spoil(given) if path.startswith(about) else given)

    said = poll(beside, slug, *(DUE if trouble.types == ALL else trouble.types))
    compared = night(beside, slug)
    checks = check_source(beside.services, beside.source(slug))

    assert beside.tables() == before
    assert beside.standing() == stood
    assert (said == "") == (trouble.is_told_aside or not trouble.words)
    assert bool(compared) == (trouble.types == ALL and trouble.words != "")
    page = unescape(admin.get(f"/admin/sources/{slug}").text)
    assert trouble.words in (page if trouble.is_told_aside else said)
    assert said in page
    assert said in {each.health.source.last_error or "" for each in status(beside.services, ask_servers=False).sources}
    told = " ".join(check.words for check in checks)
    assert (trouble.words if trouble.tested is None else trouble.tested) in told

    beside.spoil(None)
    DAY_IS_OVER.set()
    if trouble.patience != PATIENCE:  # on a busy machine any answer may take as long
        beside.restart()
    goes_on(beside, slug, *trouble.types)


def poll(beside: Beside, slug: str, *types: str) -> str:
    """What the source remembers of it: why it came to nothing; empty where it was read."""
    with suppress(MilepostError):
        beside.poll(slug, *types)
    beside.work()
    return beside.source(slug).last_error or ""


def night(beside: Beside, slug: str) -> str:
    """What the comparison at night came to nothing by; empty where it did not."""
    try:
        reconcile(beside.services, beside.source(slug).id)
    except MilepostError as error:
        return str(error)
    finally:
        beside.work()
    return ""


def goes_on(beside: Beside, slug: str, *types: str) -> None:
    """What was not read is due still, without a word from anybody; a new booking comes."""
    new = beside.clinic.book(beside.patients["Ada"], day=NOON.date() + timedelta(days=4), start=NOON.time())
    due = {*types, *BOOKINGS} - {""}
    for each in SLUGS:
        assert poll(beside, each, *due) == ""
    assert f"Appointment/{new.uuid}" in beside.kept(slug)

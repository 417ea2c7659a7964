"""The FHIR R4 API: which resources there are, a search, a read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from deploy.openemr.recorded.access import UNAUTHORIZED, Denied, Letter, Permit
from deploy.openemr.recorded.acl import check_acl
from deploy.openemr.recorded.answer import Answer, json_answer
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.cost import seconds
from deploy.openemr.recorded.errors import BadParameter, Failure, NoRoute
from deploy.openemr.recorded.query import NOT_A_UUID, Query, Row, query
from deploy.openemr.recorded.resources import RESOURCES
from deploy.openemr.recorded.resources.provenance import provenance
from deploy.openemr.recorded.resources.shape import Json, Scene, Searchable

_INNER = "The search field argument was invalid, improperly formatted, or could not be parsed.  Inner message: "


def searchable(name: str) -> Searchable:
    """Raises NoRoute."""
    found = RESOURCES.get(name)
    if found is None:
        raise NoRoute
    return found


def let_in(clinic: Clinic, permit: Permit, resource: Searchable, letter: Letter) -> str | None:
    """The scope first, then what the user's group may. The one patient whose things are seen then; None: everybody's.
    Raises Denied, Failure."""
    context = permit.context(resource.name, letter)
    if context is None:
        raise Denied(401, UNAUTHORIZED)
    if context == "user":
        check_acl(clinic, permit.user, resource.acl)
    return permit.patient or "" if context == "patient" else None


def search(scene: Scene, resource: Searchable, patient: str | None, given: Mapping[str, Sequence[str]]) -> Answer:
    """A Bundle; an empty one where OpenEMR does not know a parameter or cannot read its value."""
    try:
        asked = query(given, resource.parameters, scene.clinic.wall)
    except BadParameter:
        return json_answer(200, _bundle(scene, []))
    found = _found(scene, resource, asked, patient)
    if asked.has_provenance:
        found = list(_with_provenance(scene, found))
    body = _bundle(scene, found)
    return _timed(scene.clinic, resource, json_answer(200, body))


def read(scene: Scene, resource: Searchable, patient: str | None, id_: str) -> Answer:
    """One resource; 404 with an empty array when there is none. Raises Failure."""
    try:
        asked = query({"_id": [id_]}, resource.parameters, scene.clinic.wall)
    except BadParameter:
        if resource.refusal == 500:
            raise Failure(500, NOT_A_UUID) from None
        return json_answer(400, {"validationErrors": {"_id": _INNER + NOT_A_UUID}})
    if resource.name == "Patient" and patient not in (None, id_):
        raise Failure(500, "patient id invalid")
    found = _found(scene, resource, asked, patient)
    return _timed(scene.clinic, resource, json_answer(200, found[0]) if found else json_answer(404, []))


def _found(scene: Scene, resource: Searchable, asked: Query, patient: str | None) -> list[Json]:
    rows = [row for row in resource.rows(scene.clinic) if asked.takes(row) and _is_seen(resource, row, patient)]
    grouped = _grouped(resource, rows)
    if resource.is_paged:
        grouped = grouped[asked.offset :]
    if asked.count and resource.parts is None:
        grouped = grouped[: asked.count]
    found = [resource.render(scene, rows) for rows in grouped]
    return _cut(resource, found, asked.count)


def _is_seen(resource: Searchable, row: Row, patient: str | None) -> bool:
    return patient is None or resource.patient is None or resource.patient(row) == patient


def _grouped(resource: Searchable, rows: Iterable[Row]) -> list[Sequence[Row]]:
    groups: defaultdict[object, list[Row]] = defaultdict(list)
    for row in rows:
        groups[resource.key(row)].append(row)
    return list(groups.values())


def _cut(resource: Searchable, found: list[Json], count: int | None) -> list[Json]:
    """``_count`` cuts off, and there is no next page (OpenEMR 8.2); Observation's parts each for themselves."""
    if resource.parts is None or count is None:
        return found
    return [one for _, part in groupby(found, resource.parts) for one in list(part)[:count]]


def _with_provenance(scene: Scene, found: Iterable[Json]) -> Iterable[Json]:
    for one in found:
        yield from (one, provenance(scene, one))


def _bundle(scene: Scene, found: Sequence[Json]) -> Json:
    """A collection, with a time that has no zone; ``total`` is what is in it, and no link leads on."""
    here = scene.address.here
    body: Json = {
        "meta": {"lastUpdated": scene.clinic.now().isoformat()},
        "resourceType": "Bundle",
        "type": "collection",
        "total": len(found),
        "link": [{"relation": "self", "url": here}],
    }
    entries = [{"fullUrl": f"{here}/{one['id']}", "resource": one} for one in found]
    return body | ({"entry": entries} if entries else {})


def _timed(clinic: Clinic, resource: Searchable, answer: Answer) -> Answer:
    return replace(answer, seconds=seconds(clinic, resource.name, len(answer.body)))

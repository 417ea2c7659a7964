"""What is true of a practice at the end: on the FHIR server and in Milepost's database, in words that do not depend on
the practice's tag, on internal numbers, or on the moment of writing, so that two runs can be compared."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import requests
from sqlalchemy import Connection, Table, create_engine, select

from plugin.domain.writes import task_ref
from plugin.storage import tables
from tests.faults.practice import Practice

Json = dict[str, Any]  # JSON, of a server or of a column

OURS = "https://milepost.example/tag|milepost"
WRITTEN = ("Task", "DetectedIssue", "Flag", "Communication", "Provenance")
_OWN_ID = re.compile(r"m[a-z]-[a-z2-7]{26}")


def of_server(practice: Practice) -> dict[str, Json]:
    """Everything that Milepost wrote for this practice: its content and its version, by what it stands for."""
    found = [resource for type_ in WRITTEN for resource in _ours(practice, type_)]
    names = {resource["id"]: resource["identifier"][0]["value"] for resource in found if "identifier" in resource}
    shown: dict[str, Json] = {}
    for resource in found:
        kept = {key: value for key, value in resource.items() if key not in ("meta", "id", "recorded")}
        body = _sorted(json.loads(_plain(_renamed(json.dumps(kept), names), practice)))
        name = _name(body)
        while name in shown:
            name += ", again"
        shown[name] = {"version": resource["meta"]["versionId"], "body": body}
    return shown


def _ours(practice: Practice, type_: str) -> list[Json]:
    params: Sequence[tuple[str, str]] = (("_tag", OURS), ("_tag", practice.tag_filter), ("_count", "1000"))
    headers = {"Cache-Control": "no-store, max-results=1000"}
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{practice.base_url}/{type_}", params=list(params), headers=headers, timeout=60)
    answer.raise_for_status()
    return [entry["resource"] for entry in answer.json().get("entry", [])]


def _name(body: Json) -> str:
    """A Provenance has no identifier: it is known by what it names."""
    if body["resourceType"] == "Provenance":
        return "Provenance of " + ", ".join(target["reference"] for target in body["target"])
    return f"{body['resourceType']} {body['identifier'][0]['value']}"


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return _OWN_ID.sub(lambda found: names.get(found[0], found[0]), text)


def _plain(text: str, practice: Practice) -> str:
    return text.replace(f"{practice.tag}-", "").replace(practice.tag, "")


def _sorted(value: Any) -> Any:
    """Lists whose order says nothing: the targets of a Provenance."""
    if isinstance(value, dict) and isinstance(value.get("target"), list):
        return value | {"target": sorted(value["target"], key=lambda target: str(target["reference"]))}
    return value


# ----------------------------------------------------------------------------------------------------- the database
_MOMENTS = {"at", "seen_at", "until", "stored_at", "changed_at", "wanted_at", "sent_at", "moved_at", "opened_at"}
_MOMENTS |= {"assessed_at", "tracked_at", "seen", "since", "last_read_at", "last_error_at"}
_NUMBERS = {"id", "practice_id", "source_id", "patient_id", "work_item_id"}
_DIGESTS = {"digest", "done_digest", "hash"}
_OF_THE_FEED = {"watermark", "taken"}
_LEFT_OUT = _MOMENTS | _NUMBERS | _DIGESTS | _OF_THE_FEED | {"worker"}
_COMPARED = (
    tables.cursor,
    tables.set_aside,
    tables.named_code,
    tables.fact,
    tables.fact_history,
    tables.patient,
    tables.statement,
    tables.plan,
    tables.milestone,
    tables.transition,
    tables.effect,
    tables.sent,
    tables.work_item,
    tables.work_item_step,
    tables.audit,
)


def of_database(url: str, practice: Practice) -> dict[str, Counter[str]]:
    """Every row of every table that says something of the practice, as often as it is there."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            owners = {row.id: row.ref for row in connection.execute(select(tables.patient.c.id, tables.patient.c.ref))}
            keys = connection.execute(select(tables.milestone.c.key)).scalars()
            names = {task_ref(key).partition("/")[2]: key for key in keys}
            return {
                table.name: Counter(
                    _plain(_renamed(json.dumps(row, sort_keys=True, default=str), names), practice)
                    for row in _rows(connection, table, owners)
                )
                for table in _COMPARED
            }
    finally:
        engine.dispose()


def _rows(connection: Connection, table: Table, owners: Mapping[int, str]) -> Iterator[Json]:
    for row in map(dict, connection.execute(select(table)).mappings()):
        if table is tables.audit and row["action"] != "assess":
            continue
        shown = {name: _shown(name, value) for name, value in row.items() if name not in _LEFT_OUT}
        if "patient_id" in row:
            shown["patient"] = owners[row["patient_id"]]
        yield {**shown, **_exceptions(table, row, owners)}


def _shown(name: str, value: Any) -> Any:
    if name not in ("body", "content", "codes", "flags") or not value:
        return value
    read = json.loads(value)
    return {key: inner for key, inner in read.items() if key != "seen"} if isinstance(read, dict) else read


def _exceptions(table: Table, row: Mapping[str, Any], owners: Mapping[int, str]) -> Json:
    """What can be compared in another form only."""
    if table is tables.work_item:
        # its place in the queue holds the minute at which it is due
        return {"key": _named(row["key"], owners), "due_at": str(row["due_at"])[:10], "rank": row["rank"] is not None}
    if table is tables.transition and row["kind"] == "work-item":
        return {"key": _named(row["key"], owners)}
    if table is tables.effect:
        when = None if row["kind"] == "message" else row["at"]  # some hours after our first sight of their cause
        lies_ahead = row["ready_at"] is not None
        return {"at": when, "is_carried_out": row["digest"] == row["done_digest"], "ready_at": lies_ahead}
    if table is tables.sent:
        return {"ref": row["ref"].partition("/")[0], "digest": bool(row["digest"])}
    if table is tables.audit:
        return {"content": _without_digests(json.loads(row["content"]))}
    return {}


def _named(key: str, owners: Mapping[int, str]) -> str:
    """A work item's key begins with the patient's number."""
    number, _, rest = key.partition("|")
    return f"{owners[int(number)]}|{rest}"


def _without_digests(entry: Json) -> Json:
    detail = {name: value for name, value in entry.get("detail", {}).items() if name != "digest"}
    return {name: value for name, value in entry.items() if name != "at"} | {"detail": detail}


# ------------------------------------------------------------------------------------------------------- comparing
MOST_SHOWN = 12


def differences(disturbed: Mapping[str, Any], undisturbed: Mapping[str, Any]) -> list[str]:
    """What is not equal, one line each; nothing when all is."""
    lines = []
    for name in sorted(disturbed.keys() | undisturbed.keys()):
        one, other = disturbed.get(name), undisturbed.get(name)
        if one == other:
            continue
        if isinstance(one, Counter) and isinstance(other, Counter):
            lines += [f"{name}: doubled or other ({n}x): {row[:600]}" for row, n in (one - other).items()]
            lines += [f"{name}: lost or other ({n}x): {row[:600]}" for row, n in (other - one).items()]
        elif one is None or other is None:
            lines.append(f"{'lost' if one is None else 'too much'}: {name:.300}")
        else:
            lines.append(f"{name}: {_first_difference(one, other)}")
    return lines[:MOST_SHOWN]


def _first_difference(one: Any, other: Any) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                return f"{key}: {_first_difference(one.get(key), other.get(key))}"
    return f"{one!r:.200} instead of {other!r:.200}"

"""The audit log in words: what an action is, where it came from, what else is told of it; and as lines of a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC

from plugin.domain.audit import AuditEntry, AuditRow
from ui_extension.admin.spreadsheet import csv_line
from ui_extension.panel.words import SAID

_ACTIONS: Mapping[str, str] = {
    "add-account": "gave somebody a local account",
    "add-issuer": "registered an EHR's sign-in",
    "add-person": "came for the first time",
    "add-source": "connected an EHR",
    "agree-to-publish": "agreed to a publication",
    "ask-link": "found a patient who cannot be linked by itself",
    "ask-preview": "asked for a preview",
    "ask-to-publish": "asked a second person to publish",
    "assess": "looked at a patient's plans anew",
    "begin-draft": "began a draft",
    "cancel-preview": "stopped a preview",
    "change-issuer": "changed an EHR's sign-in",
    "change-person": "has a changed name or reference",
    "change-source": "changed an EHR's connection",
    "close-panel": "closed the panel",
    "configure:in-force": "put a version in force on its day",
    "configure:published": "published a version",
    "configure:retired": "retired a version",
    "configure:taken-back": "took back what was to be published",
    "disable-person": "shut somebody out",
    "discard-draft": "discarded a draft",
    "enable-person": "let somebody in again",
    "end-staff-sign-in": "ended a staff account's sign-in",
    "export:audit": "took the audit log away as a file",
    "export:backup": "made a backup",
    "export:preview": "took a preview away as a file",
    "grant": "changed somebody's roles",
    "keep-draft-aside": "saved a draft after somebody else had; it was kept beside",
    "launch": "opened the panel",
    "launch-refused": "was refused the panel",
    "link-patient": "linked a patient to the companion store",
    "look-for-links": "had patients looked for in the companion store again",
    "map-person": "said that two are one person",
    "read:audit": "read the audit log",
    "read:chart": "had a chart read afresh",
    "read:form": "opened a form about a step",
    "read:links": "read who is to be linked",
    "read:list": "read a list of patients",
    "read:panel": "read the panel",
    "read:patient": "read a patient's page",
    "read:patients": "looked for a patient",
    "read:preview": "read a preview with patients' names",
    "read:why": "read why a step is as it is",
    "read:work": "read a work item",
    "refuse-link": "said that nobody in the store is this patient",
    "refuse-to-publish": "said no to a publication",
    "remove-source": "removed an EHR's connection",
    "reset-account": "had a local account start over",
    "restore": "put a backup back",
    "retry-aside": "read set-aside records again",
    "run-job": "asked for a job now",
    "save-draft": "saved a draft",
    "settle-draft-aside": "said that what was kept beside a draft is dealt with",
    "set-up-sign-in": "set up their sign-in",
    "sign-in": "signed in",
    "sign-in-refused": "was refused to sign in",
    "sign-in-staff": "signed a staff account in",
    "sign-out": "signed out",
    "unlink-patient": "took a patient's link back",
}
_VERBS: Mapping[str, str] = {
    "read": "read",
    "export": "took away",
    "say": "said",
    "configure": "changed",
    "work": "work item:",
}
_DETAILS: Mapping[str, str] = {
    "before": "before",
    "body_sha256": "hash of the content",
    "changed": "changed",
    "digest": "hash of the answer, before and after",
    "effects": "effects",
    "filter": "looked for",
    "issuer": "EHR's sign-in",
    "launch": "panel session",
    "milestone": "step",
    "milestones": "steps that changed",
    "note_sha256": "hash of the note",
    "person": "person",
    "plan": "plan",
    "plans_from": "for plans that start from",
    "roles": "roles",
    "session": "session",
    "target": "about",
    "target_version": "version",
    "version": "version",
}
_COLUMNS = ("row", "at", "who", "name", "action", "record", "why", "from", "detail", "sealed as", "hash")
_AT_THE_COMMAND_LINE = " at the command line"


def action_words(action: str) -> str:
    """``launch`` as people say it; of an action that is not in the table what its name says."""
    if action in _ACTIONS:
        return _ACTIONS[action]
    verb, _, what = action.partition(":")
    if verb == "say" and what in SAID:
        return f"said: {SAID[what]}"
    return f"{_VERBS.get(verb, verb)} {what}".replace("-", " ").strip()


def where_from(entry: AuditEntry) -> str:
    """From where: what the row says, or what follows from it (rows of earlier versions say less)."""
    said = entry.detail.get("from")
    if said == "terminal" or entry.who.endswith(_AT_THE_COMMAND_LINE):
        return "terminal"
    if isinstance(said, str):
        return said
    if "launch" in entry.detail or "issuer" in entry.detail:
        return f"panel in the chart ({entry.detail.get('issuer', 'EHR')})"
    return "Milepost itself" if entry.who == "milepost" else "not told"


def who_words(who: str, names: Mapping[str, str]) -> str:
    """A name where it is known."""
    return names.get(who, "Milepost" if who == "milepost" else who)


def record_words(record: str, names: Mapping[str, str]) -> str:
    """With the person's name, where it is a person."""
    return f"{record} ({names[record]})" if record in names else record


def detail_lines(entry: AuditEntry) -> list[tuple[str, str]]:
    """What else the row tells, as pairs of words."""
    return [
        (_DETAILS.get(name, name.replace("_", " ")), _text(value))
        for name, value in sorted(entry.detail.items())
        if name != "from" and value not in (None, "", [], {})
    ]


def csv_lines(rows: Iterable[tuple[AuditRow, str]]) -> Iterator[str]:
    """A spreadsheet's file, header first."""
    yield csv_line(_COLUMNS)
    for row, name in rows:
        told = as_object(row, name)
        cells = (json.dumps(told[c], ensure_ascii=False) if c == "detail" else told[c] for c in _COLUMNS)
        yield csv_line(cells)


def json_lines(rows: Iterable[tuple[AuditRow, str]]) -> Iterator[str]:
    """One object a line."""
    return (json.dumps(as_object(row, name), ensure_ascii=False) + "\n" for row, name in rows)


def as_object(row: AuditRow, name: str) -> Mapping[str, object]:
    """A row, column by column."""
    entry = row.entry
    told = (
        row.id,
        entry.at.astimezone(UTC).isoformat(),
        entry.who,
        name,
        entry.action,
        entry.record,
        entry.why,
        where_from(entry),
        dict(entry.detail),
        row.seal,
        row.hash,
    )
    return dict(zip(_COLUMNS, told, strict=True))


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_text(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return (
            " → ".join("none" if inner is None else _text(inner) for inner in value)
            if _is_change(value)
            else (", ".join(map(_text, value)))
        )
    return str(value)


def _is_change(value: list[object] | tuple[object, ...]) -> bool:
    """Before and after, as assessments tell them."""
    return len(value) == 2 and all(inner is None or isinstance(inner, str) for inner in value)

"""The audit log: who did what, to which record, when, from where and why; page by page, row by row, and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, Response, make_response, render_template, request

from plugin.domain.audit import AuditFilter
from plugin.domain.errors import BadInput
from plugin.domain.permissions import Action, Data, can
from plugin.usecases.read_audit import AuditPage, audit_page, audit_row, export_audit, record_of_patient
from plugin.usecases.services import Services
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.audit_words import (
    action_words,
    csv_lines,
    detail_lines,
    json_lines,
    record_words,
    where_from,
    who_words,
)

FIELDS = ("who", "action", "record", "patient", "from", "to")
_FORMS = {"csv": (csv_lines, "text/csv; charset=utf-8"), "jsonl": (json_lines, "application/x-ndjson; charset=utf-8")}
_LONGEST = 500
_WORDS = {
    "action_words": action_words,
    "detail_lines": detail_lines,
    "record_words": record_words,
    "where_from": where_from,
    "who_words": who_words,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for: as it was typed, as it is meant, and what is wrong with it, by the field's name."""

    typed: Mapping[str, str]
    meant: AuditFilter
    wrong: Mapping[str, str]


def audit_pages(services: Services) -> Blueprint:
    """``/admin/audit``."""
    pages = Blueprint("audit", __name__, url_prefix="/admin/audit", template_folder="templates")

    @pages.get("")
    @may(Action.READ, Data.AUDIT)
    def listed() -> Response:
        asked = _asked(services, request.args)
        page = None
        if not asked.wrong:
            turn = {name: _row_number(request.args.get(name, "")) for name in ("older_than", "newer_than")}
            page = audit_page(services, signed_in(), asked.meant, **turn)
        return make_response(_drawn(asked, page), 422 if asked.wrong else 200)

    @pages.get("/<int:row>")
    @may(Action.READ, Data.AUDIT)
    def one(row: int) -> str:
        found = audit_row(services, signed_in(), row)
        return render_template("admin/audit/row.html", found=found, row=found.row, entry=found.row.entry, **_WORDS)

    @pages.post("/export")
    @may(Action.EXPORT, Data.AUDIT)
    def export() -> Response:
        asked = _asked(services, request.form)
        if asked.wrong:
            return make_response(_drawn(asked, None), 422)
        form = "jsonl" if request.form.get("form") == "jsonl" else "csv"
        lines, kind = _FORMS[form]
        rows = export_audit(services, signed_in(), asked.meant)
        answer = Response(lines(rows), mimetype=kind)
        name = f"audit-{services.practice.day(services.clock()).isoformat()}.{form}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    return pages


def _drawn(asked: Asked, page: AuditPage | None) -> str:
    kept = {name: value for name, value in asked.typed.items() if value}
    may_export = can(signed_in().roles, Action.EXPORT, Data.AUDIT)
    return render_template("admin/audit/list.html", asked=asked, kept=kept, page=page, may_export=may_export, **_WORDS)


def _asked(services: Services, given: Mapping[str, str]) -> Asked:
    typed = {name: given.get(name, "").strip()[:_LONGEST] for name in FIELDS}
    wrong: dict[str, str] = {}
    since, until = _day(typed, "from", wrong), _day(typed, "to", wrong)
    if since and until and until < since:
        wrong["to"] = "This day is before the first one."
    practice = services.practice
    meant = AuditFilter(
        who=typed["who"] or None,
        action=typed["action"] or None,
        record=_patient(services, typed, wrong) or typed["record"] or None,
        since=None if since is None else practice.start_of(since),
        until=None if until is None else _end_of(services, until),
    )
    return Asked(typed, meant, wrong)


def _end_of(services: Services, day: date) -> datetime | None:
    return None if day == date.max else services.practice.start_of(day + timedelta(days=1))


def _day(typed: Mapping[str, str], name: str, wrong: dict[str, str]) -> date | None:
    if not typed[name]:
        return None
    try:
        day = date.fromisoformat(typed[name])
    except ValueError:
        wrong[name] = "This is no day. Expected year-month-day, for example 2026-06-30."
        return None
    if not 1900 <= day.year <= 9998:
        wrong[name] = "This day is too far away."
        return None
    return day


def _patient(services: Services, typed: Mapping[str, str], wrong: dict[str, str]) -> str | None:
    if not typed["patient"]:
        return None
    number = _row_number(typed["patient"])
    try:
        if number is None:
            raise BadInput("A patient's number is expected: it stands in the address of the patient's page.")
        return record_of_patient(services, number)
    except BadInput as error:
        wrong["patient"] = str(error)
        return None


def _row_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None

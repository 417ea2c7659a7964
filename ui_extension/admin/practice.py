"""The practice's calendar and limits: what holds, and a form that drafts what is to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.calendar import MOST_HOLIDAYS, WEEKDAYS
from plugin.domain.configuration import CALENDAR, LIMITS, ConfigDraft, Limits, limits_body
from plugin.domain.errors import BadForm, StaleDraft
from plugin.domain.permissions import Action, Data, Role, can, role_words
from plugin.domain.practice_words import calendar_lines, day_words, limits_lines
from plugin.usecases.look_aside import KeptPart, look_aside
from plugin.usecases.practice import TheirPractice, draft_practice, look_at_practice
from plugin.usecases.services import Services
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.calendar_form import Given, calendar_in, given_by, given_in, with_pasted
from ui_extension.admin.version_words import when_in
from ui_extension.panel.words import LANGUAGES

DAYS = tuple((day, day.capitalize()) for day in WEEKDAYS)
ROLES = tuple((role.value, role_words(role.value)) for role in Role if role not in (Role.AUDITOR, Role.ADMINISTRATOR))
EMPTY_ROWS = 3
_MOST_A_DAY = 10_000


def practice_pages(services: Services) -> Blueprint:
    """``/admin/practice``, and the forms of calendar and limits."""
    pages = Blueprint("practice", __name__, url_prefix="/admin/practice", template_folder="templates")

    @pages.get("")
    @may(Action.READ, Data.PROGRAMS)
    def whole() -> str:
        me = signed_in()
        theirs = look_at_practice(services, me)
        today = services.practice.day(services.clock())
        return render_template(
            "admin/versions/practice.html",
            theirs=theirs,
            calendar=calendar_lines(theirs.practice),
            limits=limits_lines(theirs.limits),
            zone=services.practice.zone.key,
            coming=[holiday for holiday in theirs.holidays if holiday.day >= today][:20],
            day_words=day_words,
            when=when_in(services.practice.zone),
            may_edit=can(me.roles, Action.EDIT, Data.PROGRAMS),
        )

    _calendar(pages, services)
    _limits(pages, services)
    return pages


def _calendar(pages: Blueprint, services: Services) -> None:
    @pages.get("/calendar")
    @may(Action.EDIT, Data.PROGRAMS)
    def calendar() -> str:
        theirs = look_at_practice(services, signed_in())
        aside = _aside(services, theirs.calendar_draft)
        return _calendar_page(theirs, given_by(theirs), seen=_revision(theirs.calendar_draft), aside=aside)

    @pages.post("/calendar")
    @may(Action.EDIT, Data.PROGRAMS)
    def draft_calendar() -> AnyResponse | tuple[str, int]:
        me, given, seen = signed_in(), given_in(request.form), _number(request.form.get("seen", ""), 10**9) or 0
        theirs = look_at_practice(services, me)
        if request.form.get("do") == "more":
            return _calendar_page(theirs, with_pasted(given), seen=seen, rows=EMPTY_ROWS + 5), 200
        try:
            body = calendar_in(given, services.practice)
            draft = draft_practice(services, me, CALENDAR, body, seen)
        except BadForm as error:
            return _calendar_page(theirs, given, seen=seen, wrong=error.fields), 422
        except StaleDraft as error:
            return _calendar_page(theirs, given, seen=error.newest.revision, stale=error), 409
        return redirect(url_for("publishing.form", draft_id=draft.id), 303)


def _limits(pages: Blueprint, services: Services) -> None:
    @pages.get("/limits")
    @may(Action.EDIT, Data.PROGRAMS)
    def limits() -> str:
        theirs = look_at_practice(services, signed_in())
        draft = theirs.limits_draft
        return _limits_page(_given_limits(theirs), seen=_revision(draft), draft=draft, aside=_aside(services, draft))

    @pages.post("/limits")
    @may(Action.EDIT, Data.PROGRAMS)
    def draft_limits() -> AnyResponse | tuple[str, int]:
        seen = _number(request.form.get("seen", ""), 10**9) or 0
        try:
            body = limits_body(_limits_of(request.form))
            draft = draft_practice(services, signed_in(), LIMITS, body, seen)
        except BadForm as error:
            return _limits_page(request.form, seen=seen, wrong=error.fields), 422
        except StaleDraft as error:
            return _limits_page(request.form, seen=error.newest.revision, stale=error), 409
        return redirect(url_for("publishing.form", draft_id=draft.id), 303)


# ----------------------------------------------------------------------------------------------------------- calendar
def _calendar_page(
    theirs: TheirPractice,
    given: Given,
    *,
    seen: int,
    wrong: Mapping[str, str] | None = None,
    stale: StaleDraft | None = None,
    rows: int = EMPTY_ROWS,
    aside: Sequence[KeptPart] = (),
) -> str:
    return render_template(
        "admin/versions/calendar.html",
        given=given,
        rows=[*given.holidays, *[("", "")] * rows],
        days=DAYS,
        seen=seen,
        draft=theirs.calendar_draft,
        wrong=wrong or {},
        stale=stale,
        most=MOST_HOLIDAYS,
        aside=aside,
        may_edit=True,
    )


# ------------------------------------------------------------------------------------------------------------- limits
def _limits_page(
    given: Mapping[str, str],
    *,
    seen: int,
    wrong: Mapping[str, str] | None = None,
    stale: StaleDraft | None = None,
    draft: ConfigDraft | None = None,
    aside: Sequence[KeptPart] = (),
) -> str:
    return render_template(
        "admin/versions/limits.html",
        given=given,
        seen=seen,
        roles=ROLES,
        wrong=wrong or {},
        stale=stale,
        draft=draft,
        aside=aside,
        may_edit=True,
    )


def _given_limits(theirs: TheirPractice) -> Mapping[str, str]:
    """As the draft has them, else as they hold now."""
    body = theirs.limits_draft.body if theirs.limits_draft else limits_body(theirs.limits)
    rows = body.get("capacity")
    capacity = {f"capacity-{row['role']}": str(row["per_day"]) for row in rows} if isinstance(rows, list) else {}
    return {"cap_percent": str(body.get("cap_percent", "")), **capacity}


def _limits_of(form: Mapping[str, str]) -> Limits:
    """BadForm by the field."""
    wrong: dict[str, str] = {}
    cap = _number(form.get("cap_percent", "").strip(), 100)
    if cap is None:
        wrong["cap_percent"] = "A whole number from 0 to 100 is needed."
    capacity: dict[str, int] = {}
    for role, _ in ROLES:
        text = form.get(f"capacity-{role}", "").strip()
        count = _number(text, _MOST_A_DAY)
        if text and count is None:
            wrong[f"capacity-{role}"] = f"A whole number up to {_MOST_A_DAY:,} is needed, or nothing."
        elif count is not None:
            capacity[role] = count
    if wrong or cap is None:
        raise BadForm(wrong)
    return Limits(cap_percent=cap, capacity=capacity)


def _aside(services: Services, draft: ConfigDraft | None) -> Sequence[KeptPart]:
    return () if draft is None else look_aside(services, signed_in(), draft, LANGUAGES)


def _number(text: str, most: int) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 and int(text) <= most else None


def _revision(draft: ConfigDraft | None) -> int:
    return draft.revision if draft else 0

"""Try a draft on one patient: choose whom, then see what would be otherwise, and the panel as it would be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, make_response, render_template, request, url_for
from markupsafe import Markup

from plugin.domain.account import SignedIn
from plugin.domain.configuration import ConfigDraft
from plugin.domain.due_moves import DueMove
from plugin.domain.errors import BadProgram, UnknownName
from plugin.domain.panel.view import Day
from plugin.domain.permissions import Action, Data
from plugin.usecases.choose_patient import reader_of, seen_lately
from plugin.usecases.queues import show_patients, wanted_by
from plugin.usecases.services import Services
from plugin.usecases.try_draft import Asked, Trial, draft_to_try, try_draft, why_tried
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.guard import csrf_of_request
from ui_extension.admin.patient import AsOf, asked_as_of, has_scripts
from ui_extension.admin.preview_words import lines_of
from ui_extension.panel.addresses import Surroundings, stand_in
from ui_extension.panel.keys import take_keys
from ui_extension.panel.pages import draw_panel, draw_why
from ui_extension.panel.words import born_day, day

_NOTHING = Markup()
_LONGEST = 19
"""Digits of a number that a database takes."""


def try_pages(services: Services) -> Blueprint:
    """``/admin/drafts/<id>/try``: with ``?patient=`` (our number), and ``&as_of=`` a past day."""
    pages = Blueprint("try", __name__, url_prefix="/admin/drafts/<int:draft_id>/try", template_folder="templates")
    take_keys(pages)

    @pages.get("")
    @may(Action.READ, Data.PROGRAMS)
    def show(draft_id: int) -> Response:
        me = signed_in()
        if request.args.get("patient"):
            return _Trying(services, me, draft_id).whole()
        return _choose(services, me, draft_to_try(services, me, draft_id))

    @pages.post("")
    @may(Action.READ, Data.PROGRAMS)
    def search(draft_id: int) -> Response:
        """A name stands in no address."""
        me = signed_in()
        return _choose(services, me, draft_to_try(services, me, draft_id), request.form.get("q", "").strip())

    @pages.get("/why/<key:milestone>")
    @may(Action.READ, Data.PROGRAMS)
    def why(draft_id: int, milestone: str) -> Response:
        return _Trying(services, signed_in(), draft_id).why(milestone)

    @pages.errorhandler(BadProgram)
    def wrong(failure: BadProgram) -> Response:
        draft_id = (request.view_args or {})["draft_id"]
        return make_response(render_template("admin/patients/try_wrong.html", draft_id=draft_id), 409)

    return pages


def _choose(services: Services, me: SignedIn, draft: ConfigDraft, text: str = "") -> Response:
    """Whom this person looked at lately, and whom a search finds; before any search, those who come first in the list."""
    lately = [] if text else seen_lately(services, me)
    sheet = show_patients(services, me, wanted_by(services, me, search=text))
    known = {choice.id for choice in lately}
    return make_response(
        render_template(
            "admin/patients/try_choose.html",
            draft=draft,
            text=text,
            lately=lately,
            found=[line.whom for line in sheet.lines if line.whom.id not in known],
            is_more=sheet.after is not None,
            born_words=_born_words,
        )
    )


def _born_words(text: str | None) -> str:
    """A date of birth as the chart has it, in words where it is a whole one."""
    try:
        return born_day(Day(date.fromisoformat(text or "")))
    except ValueError:
        return text or "not known"


@dataclass(frozen=True, slots=True)
class _Way:
    """With the draft, or without it."""

    title: str
    url: str
    is_here: bool


class _Trying:
    """One request for one trial."""

    def __init__(self, services: Services, me: SignedIn, draft_id: int) -> None:
        self.services = services
        self.draft_id = draft_id
        self.patient_id = _number(request.args.get("patient", ""))
        self.reader = reader_of(services, me, self.patient_id)
        self.as_of: AsOf = asked_as_of(services)
        self.is_without = "without" in request.args
        self.asked = Asked(draft_id, self.reader, self.as_of.moment)
        stand_in(Surroundings(self._address, csrf_of_request()))

    def whole(self, on_top: Markup = _NOTHING) -> Response:
        """What would be otherwise, then the panel."""
        try:
            trial = try_draft(self.services, self.asked)
        except UnknownName:
            return self._unknown()
        panel = trial.without if self.is_without else trial.with_draft
        return make_response(
            render_template(
                "admin/patients/try.html",
                trial=trial,
                panel=panel,
                lines=_lines(trial),
                ways=self._ways(),
                body=draw_panel(self.services, panel, on_top),
                **self._told(),
            )
        )

    def why(self, milestone: str) -> Response:
        """Why a step would stand so."""
        services = self.services
        found = why_tried(services, self.asked, milestone, with_draft=not self.is_without)
        today = services.practice.day(self.as_of.moment or services.clock())
        part = draw_why(found, self.reader, today=today)
        return make_response(part) if has_scripts() else self.whole(part)

    def _unknown(self) -> Response:
        return make_response(render_template("admin/patients/try_unknown.html", **self._told()), 404)

    def _told(self) -> dict[str, object]:
        zone, moment = self.services.practice.zone, self.as_of.moment
        return {
            "draft_id": self.draft_id,
            "patient_id": self.patient_id,
            "as_of": self.as_of,
            "moment": moment.astimezone(zone) if moment else None,
            "now": self.services.clock().astimezone(zone),
            "page": url_for("try.show", draft_id=self.draft_id),
            "another": url_for("try.show", draft_id=self.draft_id),
        }

    def _ways(self) -> list[_Way]:
        return [
            _Way("With the draft", self._address("page", without=None), not self.is_without),
            _Way("Without it", self._address("page", without=1), self.is_without),
        ]

    def _address(self, part: str, **values: object) -> str:
        if part == "others":
            return url_for("try.show", draft_id=self.draft_id)
        kept: dict[str, object] = {"patient": self.patient_id, "as_of": self.as_of.text or None}
        kept |= {"without": 1 if self.is_without else None, **values}
        endpoint = "try.why" if part == "why" else "try.show"
        return url_for(endpoint, draft_id=self.draft_id, **kept)  # type: ignore[arg-type]  # of a route, and a query


def _lines(trial: Trial) -> list[str]:
    """What the draft alone would do to this patient."""
    today = trial.with_draft.today
    return [*lines_of(trial.change), *(_due_words(move, today) for move in trial.due_moves)]


def _due_words(move: DueMove, today: date) -> str:
    """``HbA1c, turn 2: due 3 May, not 3 August``."""
    turn = f", turn {move.turn}" if move.turn else ""
    after = f"due {day(move.after, today)}" if move.after else "has no due date"
    before = day(move.before, today) if move.before else "without one"
    return f"{move.title}{turn}: {after}, {'not ' if move.before else 'until now '}{before}"


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < _LONGEST):
        raise UnknownName("There is no such patient.")
    return int(text)

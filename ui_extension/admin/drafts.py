"""A draft as an outline: its phases and steps, what is wrong with it, and the buttons that add, move and remove."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain import program_edit as edit
from plugin.domain.account import SignedIn
from plugin.domain.configuration import CALENDAR, LADDER, LIMITS, PROGRAM, ConfigDraft
from plugin.domain.errors import BadInput, UnknownName
from plugin.domain.permissions import Action, Data, can
from plugin.domain.program import MilestoneDefinition, Program
from plugin.domain.program_edit import Change, Part, Where
from plugin.domain.program_words import step_lines
from plugin.usecases.drafts import discard_draft, get_draft
from plugin.usecases.edit_draft import Drawn, PartChanged, change_draft, put_back, save_part
from plugin.usecases.look_aside import look_aside, settle_aside, take_aside
from plugin.usecases.look_at_draft import HEAD, WHOLE_LADDER, look_at_draft
from plugin.usecases.services import Services
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.step_pages import conflict_page
from ui_extension.panel.words import LANGUAGES

_LONGEST = 2_000
_GONE = "That step is not in the draft any more: somebody has removed it."


@dataclass(frozen=True, slots=True)
class Move:
    """What a button of the outline does: to a step or a phase, and where the keyboard is to be afterwards."""

    change: Change
    at: str


def draft_pages(services: Services) -> Blueprint:
    """``/admin/drafts/<id>``."""
    pages = Blueprint("drafts", __name__, url_prefix="/admin/drafts", template_folder="templates")

    @pages.get("/<int:draft_id>")
    @may(Action.READ, Data.PROGRAMS)
    def outline(draft_id: int) -> AnyResponse | str:
        me = signed_in()
        draft = get_draft(services, me, draft_id)
        if draft.of != "change":  # nobody edits a roll back or a retirement
            return redirect(url_for("versions.one", kind=draft.kind, code=draft.code), 303)
        return outline_page(services, me, draft_id, wrong=_GONE if request.args.get("gone") else "")

    @pages.post("/<int:draft_id>")
    @may(Action.EDIT, Data.PROGRAMS)
    def arrange(draft_id: int) -> AnyResponse | tuple[str, int]:
        me = signed_in()
        try:
            done = _arranged(services, me, draft_id)
        except PartChanged as error:
            return conflict_page(services, error, Where("step", request.form.get("step", "")), None), 409
        except (BadInput, UnknownName) as error:
            return outline_page(services, me, draft_id, wrong=str(error)), 422
        return done

    @pages.post("/<int:draft_id>/discard")
    @may(Action.EDIT, Data.PROGRAMS)
    def discard(draft_id: int) -> AnyResponse:
        me = signed_in()
        draft = get_draft(services, me, draft_id)
        discard_draft(services, me, draft_id)
        plural = "ladders" if draft.kind == LADDER else "programs"
        return redirect(url_for("programs.listed", plural=plural, done="draft-discarded"), 303)

    _aside(pages, services)
    return pages


def _aside(pages: Blueprint, services: Services) -> None:
    @pages.post("/<int:draft_id>/aside/<int:aside_id>/take")
    @may(Action.EDIT, Data.PROGRAMS)
    def take(draft_id: int, aside_id: int) -> AnyResponse:
        code, seen = request.form.get("step", ""), request.form.get("mark", "")
        draft = take_aside(services, signed_in(), draft_id, aside_id, code, seen)
        return redirect(_place_of(draft, at=code or None, done="draft-saved"), 303)

    @pages.post("/<int:draft_id>/aside/<int:aside_id>/settle")
    @may(Action.EDIT, Data.PROGRAMS)
    def settle(draft_id: int, aside_id: int) -> AnyResponse:
        draft = settle_aside(services, signed_in(), draft_id, aside_id)
        return redirect(_place_of(draft, done="aside-settled"), 303)


def _place_of(draft: ConfigDraft, *, done: str, at: str | None = None) -> str:
    """Where it is edited."""
    if draft.kind in (CALENDAR, LIMITS):
        return url_for(f"practice.{draft.kind}", done=done)
    return url_for("drafts.outline", draft_id=draft.id, at=at, done=done)


def outline_page(services: Services, me: SignedIn, draft_id: int, *, wrong: str = "") -> str:
    """The whole draft; of a ladder it is its form."""
    look = look_at_draft(services, me, draft_id, LANGUAGES)
    if look.draft.kind not in (PROGRAM, LADDER):
        abort(404)
    return render_template(
        f"admin/programs/draft_{look.draft.kind}.html",
        look=look,
        draft=look.draft,
        groups=edit.outline(look.draft.body),
        mark=edit.mark,
        head=HEAD,
        usual_completion=_usual_completion(),
        whole_ladder=WHOLE_LADDER,
        plural=f"{look.draft.kind}s",
        may_edit=can(me.roles, Action.EDIT, Data.PROGRAMS),
        may_publish=can(me.roles, Action.PUBLISH, Data.PROGRAMS),
        at=request.args.get("at", ""),
        removed=_removed(look.draft),
        aside=look_aside(services, me, look.draft, LANGUAGES),
        wrong=wrong,
    )


def _usual_completion() -> str:
    """What is not worth saying of a step in the outline."""
    usual = MilestoneDefinition(code="", title="")
    return dict(step_lines(usual, Program(code="", version="", title=""))).get("Done", "")


def _removed(draft: ConfigDraft) -> Mapping[str, object] | None:
    """The step that was just removed, for the link that puts it back."""
    code, revision = request.args.get("removed", ""), request.args.get("was", "")
    if not code or not revision.isdecimal() or edit.step_of(draft.body, code) is not None:
        return None
    return {"code": code, "revision": int(revision[:9])}


def _arranged(services: Services, me: SignedIn, draft_id: int) -> AnyResponse:
    form = request.form
    verb, code = form.get("do", ""), form.get("step", "")
    if verb == "remove":
        drawn = Drawn(_number(form.get("revision", "")), form.get("mark", ""))
        saved = save_part(services, me, draft_id, Where("step", code), None, drawn)
        return _back(saved, removed=code, was=saved.revision - 1)
    if verb == "put-back":
        saved = put_back(services, me, draft_id, code, _number(form.get("revision", "")))
        return _back(saved, at=code)
    if verb == "add":
        return _added(services, me, draft_id)
    move = _move(verb, code, form)
    return _back(change_draft(services, me, draft_id, move.change), at=move.at)


def _added(services: Services, me: SignedIn, draft_id: int) -> AnyResponse:
    """A new step, and on to its form."""
    title = _title(request.form)
    phase = request.form.get("phase") or None
    made: list[str] = []

    def change(body: Part) -> Part:
        taken = {edit.code_of(step) for step in edit.parts_of(body, edit.STEPS)}
        made.append(edit.new_code(title, taken, fallback="step"))
        step = {"code": made[-1], "title": title, "kind": "task", **({"phase": phase} if phase else {})}
        return edit.with_new_step(body, step)

    saved = change_draft(services, me, draft_id, change)
    return redirect(url_for("steps.step", draft_id=saved.id, code=made[-1], new="yes"), 303)


def _move(verb: str, code: str, form: Mapping[str, str]) -> Move:
    """BadInput for a button that is none of ours."""
    phase = form.get("phase") or None
    moves: Mapping[str, Callable[[], Move]] = {
        "up": lambda: Move(lambda body: edit.moved_up(body, code), f"{code} up"),
        "down": lambda: Move(lambda body: edit.moved_down(body, code), f"{code} down"),
        "to": lambda: Move(lambda body: edit.moved(body, code, phase, form.get("before") or None), f"{code} to"),
        "phase-up": lambda: Move(lambda body: edit.moved_phase(body, phase or "", -1), f"{phase} phase-up"),
        "phase-down": lambda: Move(lambda body: edit.moved_phase(body, phase or "", 1), f"{phase} phase-down"),
        "phase-remove": lambda: Move(lambda body: edit.without_phase(body, phase or ""), ""),
        "phase-title": lambda: _phase_title(phase or "", _title(form)),
        "phase-add": lambda: _phase_add(_title(form)),
    }
    if verb not in moves:
        raise BadInput("This page has no such button.")
    return moves[verb]()


def _phase_title(phase: str, title: str) -> Move:
    return Move(lambda body: edit.with_phase_title(body, phase, title), f"{phase} phase-title")


def _phase_add(title: str) -> Move:
    return Move(lambda body: edit.with_new_phase(body, title), "phase-add")


def _title(form: Mapping[str, str]) -> str:
    title = form.get("title", "").strip()
    if not title:
        raise BadInput("Please give it a title.")
    if len(title) > _LONGEST:
        raise BadInput(f"A title can have 200 characters; this one has {len(title):,}.")
    return title


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _back(
    draft: ConfigDraft, *, at: str | None = None, removed: str | None = None, was: int | None = None
) -> AnyResponse:
    return redirect(url_for("drafts.outline", draft_id=draft.id, at=at or None, removed=removed, was=was), 303)

"""The forms of a draft: of one step, of the program's head, of a ladder. Each is posted whole, by every button of it:
only “Save” stores anything, “check” answers while somebody types, and the others draw the form again with one thing
changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.configuration import LADDER, PROGRAM
from plugin.domain.permissions import Action, Data
from plugin.domain.program_edit import Part, Where, mark, part_at
from plugin.usecases.code_search import find_codes
from plugin.usecases.drafts import get_draft
from plugin.usecases.edit_draft import Drawn, PartChanged, save_part
from plugin.usecases.look_at_draft import PartLook, look_at_part
from plugin.usecases.services import Services
from ui_extension.admin import program_forms as forms
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.edit_form import Done, Form, done, is_code_list
from ui_extension.admin.editor_filters import part_url
from ui_extension.admin.form_tree import Tree, tree_of
from ui_extension.panel.words import LANGUAGES

_UID = "part-form"
_NOT_CARRIED = frozenset({"csrf", "do", "revision", "mark"})
_KIND_OF = {"step": PROGRAM, "head": PROGRAM, "ladder": LADDER}
Answer = AnyResponse | tuple[str, int] | str


class Drawing(NamedTuple):
    """What a form is drawn of: the part as it is on the screen, and what the page showed at first."""

    draft_id: int
    where: Where
    part: Part
    drawn: Drawn
    sent: Mapping[str, str] = {}
    done: Done | None = None
    is_new: bool = False
    """Nothing was typed yet, so nothing is missing yet."""


def step_pages(services: Services) -> Blueprint:
    """``/admin/drafts/<id>/steps/<code>``, ``/head`` and ``/tiers``."""
    pages = Blueprint("steps", __name__, url_prefix="/admin/drafts/<int:draft_id>", template_folder="templates")

    @pages.get("/steps/<code>")
    @may(Action.EDIT, Data.PROGRAMS)
    def step(draft_id: int, code: str) -> Answer:
        return _first_drawn(services, draft_id, Where("step", code))

    @pages.post("/steps/<code>")
    @may(Action.EDIT, Data.PROGRAMS)
    def save_step(draft_id: int, code: str) -> Answer:
        return _posted(services, draft_id, Where("step", code))

    @pages.get("/steps/<code>/codes")
    @may(Action.EDIT, Data.PROGRAMS)
    def step_codes(draft_id: int, code: str) -> Answer:
        return _codes(services, draft_id, Where("step", code))

    @pages.get("/<any(head, tiers):what>")
    @may(Action.EDIT, Data.PROGRAMS)
    def whole(draft_id: int, what: str) -> Answer:
        return _first_drawn(services, draft_id, _where(what))

    @pages.post("/<any(head, tiers):what>")
    @may(Action.EDIT, Data.PROGRAMS)
    def save_whole(draft_id: int, what: str) -> Answer:
        return _posted(services, draft_id, _where(what))

    @pages.get("/<any(head, tiers):what>/codes")
    @may(Action.EDIT, Data.PROGRAMS)
    def whole_codes(draft_id: int, what: str) -> Answer:
        return _codes(services, draft_id, _where(what))

    return pages


def conflict_page(services: Services, error: PartChanged, where: Where, mine: Part | None) -> str:
    """Both sides in words, with what was typed carried along; ``mine`` None: it was to be removed."""
    me = signed_in()
    theirs = look_at_part(services, me, error.draft, where, error.theirs or {}, LANGUAGES)
    yours = None if mine is None else look_at_part(services, me, error.draft, where, mine, LANGUAGES)
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in _NOT_CARRIED]
    return render_template(
        "admin/programs/conflict.html",
        draft=error.draft,
        where=where,
        url=part_url(where, error.draft.id),
        theirs=theirs if error.theirs is not None else None,
        mine=yours,
        error=error,
        fields=fields,
        drawn=Drawn(error.draft.revision, mark(error.theirs)),
    )


def _where(what: str) -> Where:
    return Where("head" if what == "head" else "ladder")


def _first_drawn(services: Services, draft_id: int, where: Where) -> Answer:
    draft = get_draft(services, signed_in(), draft_id)
    part = part_at(draft.body, where)
    if draft.kind != _KIND_OF[where.what]:
        abort(404)
    if part is None:
        return redirect(url_for("drafts.outline", draft_id=draft_id, gone=where.code), 303)
    drawn = Drawn(draft.revision, mark(part))
    return _page(
        services, Drawing(draft_id, where, _drawn(where, part), drawn, is_new=request.args.get("new") == "yes")
    )


def _posted(services: Services, draft_id: int, where: Where) -> Answer:
    draft = get_draft(services, signed_in(), draft_id)
    if draft.kind != _KIND_OF[where.what]:
        abort(404)
    tree, button = tree_of(request.form.items(multi=True)), request.form.get("do", "look")
    part = _typed(where, tree, part_at(draft.body, where) or {})
    drawn = Drawn(_number(request.form.get("revision", "")), request.form.get("mark", ""))
    if button == "save":
        return _save(services, draft_id, where, _filled(where, part), drawn)
    did = done(part, request.form, button)
    return _page(services, Drawing(draft_id, where, did.part, drawn, request.form, did), is_checked=button == "check")


def _typed(where: Where, tree: Tree, before: Part) -> Part:
    if where.what == "step":
        return forms.step_typed(tree, before)
    return forms.head_typed(tree, before) if where.what == "head" else forms.ladder_typed(tree)


def _drawn(where: Where, part: Part) -> Part:
    if where.what == "step":
        return forms.step_drawn(part)
    return forms.head_drawn(part) if where.what == "head" else part


def _filled(where: Where, part: Part) -> Part:
    """What is saved: without the rows that were added and never filled in."""
    if where.what == "step":
        return forms.step_filled(part)
    return forms.head_filled(part) if where.what == "head" else part


def _save(services: Services, draft_id: int, where: Where, part: Part, drawn: Drawn) -> Answer:
    try:
        saved = save_part(services, signed_in(), draft_id, where, part, drawn)
    except PartChanged as error:
        return conflict_page(services, error, where, part), 409
    look = look_at_part(services, signed_in(), saved, where, part_at(saved.body, where) or {}, LANGUAGES)
    if any(fault.is_wrong for fault in look.faults):
        return redirect(f"{part_url(where, draft_id)}?saved=yes", 303)
    return redirect(url_for("drafts.outline", draft_id=draft_id, at=where.code or where.what, done="draft-saved"), 303)


def _page(services: Services, drawing: Drawing, *, is_checked: bool = False) -> str:
    me = signed_in()
    draft = get_draft(services, me, drawing.draft_id)
    look = look_at_part(services, me, draft, drawing.where, drawing.part, LANGUAGES)
    template = "said" if is_checked else f"edit_{drawing.where.what}"
    return render_template(
        f"admin/programs/{template}.html",
        draft=draft,
        where=drawing.where,
        look=look,
        part=drawing.part,
        drawn=drawing.drawn,
        form=_form(services, drawing, look),
        is_saved=request.args.get("saved") == "yes",
    )


def _form(services: Services, drawing: Drawing, look: PartLook) -> Form:
    did = drawing.done or Done(drawing.part)
    form = Form(
        uid=_UID,
        url=part_url(drawing.where, drawing.draft_id),
        look=look,
        sent=drawing.sent,
        focus=did.focus,
        by_hand=did.by_hand,
        is_new=drawing.is_new,
    )
    if did.searched:
        form.results[did.searched] = find_codes(services, form.query(did.searched))
    return form


def _codes(services: Services, draft_id: int, where: Where) -> Answer:
    """What a search for codes finds, as the list below its field."""
    draft = get_draft(services, signed_in(), draft_id)
    path = request.args.get("path", "")
    if not is_code_list(path):
        abort(404)
    query = request.args.get(f"find.{path}", "")[:200]
    drawing = Drawing(draft_id, where, {}, Drawn(draft.revision, ""))
    form = _form(services, drawing, PartLook())
    return render_template(
        "admin/programs/found_codes.html", form=form, path=path, query=query, choices=find_codes(services, query)
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0

"""Programs and ladders: the list, one version of one in words, two versions side by side, and a new one."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.configuration import LADDER, PROGRAM
from plugin.domain.errors import BadForm
from plugin.domain.permissions import Action, Data, can
from plugin.domain.program_words import Line, ladder_words, program_lines
from plugin.usecases.compare_versions import compare_versions
from plugin.usecases.drafts import begin_draft
from plugin.usecases.new_program import begin_new
from plugin.usecases.read_programs import DRAFT, OnShow, list_all, show_version
from plugin.usecases.services import Services
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.editor_filters import editor_filters, version_name
from ui_extension.admin.program_view import sections
from ui_extension.panel.words import LANGUAGES

KINDS = {"programs": PROGRAM, "ladders": LADDER}
"""By the first part of the address."""


def program_pages(services: Services) -> Blueprint:
    """``/admin/programs`` and ``/admin/ladders``, with a page for each version."""
    pages = Blueprint("programs", __name__, url_prefix="/admin", template_folder="templates")
    editor_filters(pages)
    _reading(pages, services)
    _beginning(pages, services)
    return pages


def _reading(pages: Blueprint, services: Services) -> None:
    @pages.get("/<any(programs, ladders):plural>")
    @may(Action.READ, Data.PROGRAMS)
    def listed(plural: str) -> str:
        me = signed_in()
        return render_template(
            f"admin/programs/{plural}.html",
            rows=list_all(services, me, KINDS[plural]),
            may_edit=can(me.roles, Action.EDIT, Data.PROGRAMS),
            plural=plural,
        )

    @pages.get("/<any(programs, ladders):plural>/<code>")
    @may(Action.READ, Data.PROGRAMS)
    def shown(plural: str, code: str) -> str:
        found = show_version(services, signed_in(), KINDS[plural], code, request.args.get("version"), LANGUAGES)
        return _version_page(found, plural)

    @pages.get("/<any(programs, ladders):plural>/<code>/compare")
    @may(Action.READ, Data.PROGRAMS)
    def compared(plural: str, code: str) -> str:
        older, newer = request.args.get("from"), request.args.get("to")
        found = compare_versions(services, signed_in(), KINDS[plural], code, older, newer, LANGUAGES)
        choices = [(version.version, version_name(version)) for version in found.versions]
        if found.listed.draft:
            choices.append((DRAFT, "the draft"))
        is_whole = request.args.get("all") == "yes"
        return render_template("admin/programs/compare.html", found=found, choices=choices, is_whole=is_whole)


def _version_page(found: OnShow, plural: str) -> str:
    kind, program = KINDS[plural], found.program
    return render_template(
        f"admin/programs/{kind}.html",
        on_show=found,
        program=program,
        ladder=found.ladder,
        sections=sections(program, found.names) if program else [],
        head=program_lines(program, found.names) if program else [],
        lines=[Line("", words) for words in ladder_words(found.ladder)] if found.ladder else [],
        may_edit=can(signed_in().roles, Action.EDIT, Data.PROGRAMS),
        plural=plural,
        kind=kind,
    )


def _beginning(pages: Blueprint, services: Services) -> None:
    @pages.get("/<any(programs, ladders):plural>/new")
    @may(Action.EDIT, Data.PROGRAMS)
    def new(plural: str) -> str:
        return _new_page(services, plural, request.args.get("copy", ""))

    @pages.post("/<any(programs, ladders):plural>/new")
    @may(Action.EDIT, Data.PROGRAMS)
    def begin(plural: str) -> AnyResponse | tuple[str, int]:
        title, copy = request.form.get("title", "").strip(), request.form.get("copy", "")
        try:
            draft = begin_new(services, signed_in(), KINDS[plural], title, copy or None)
        except BadForm as error:
            return _new_page(services, plural, copy, title=title, wrong=error.fields.get("title", "")), 422
        return redirect(url_for("drafts.outline", draft_id=draft.id), 303)

    @pages.post("/<any(programs, ladders):plural>/<code>/edit")
    @may(Action.EDIT, Data.PROGRAMS)
    def edit(plural: str, code: str) -> AnyResponse:
        draft = begin_draft(services, signed_in(), KINDS[plural], code)
        return redirect(url_for("drafts.outline", draft_id=draft.id), 303)


def _new_page(services: Services, plural: str, copy: str, *, title: str = "", wrong: str = "") -> str:
    copies = [(row.code, f"a copy of {row.title}") for row in list_all(services, signed_in(), KINDS[plural])]
    return render_template("admin/programs/new.html", plural=plural, copies=copies, copy=copy, given=title, wrong=wrong)

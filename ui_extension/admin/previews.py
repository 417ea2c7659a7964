"""Previews: ask for one, see how far it is, read what a draft would do to the caseload, take it away as a file, stop
it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.errors import BadInput
from plugin.domain.permissions import Action, Data, can
from plugin.domain.practice_words import day_words
from plugin.domain.preview import Preview
from plugin.usecases.preview import ask_preview, cancel_preview, export_preview, look_at_preview, show_preview
from plugin.usecases.publish_form import moment_of
from plugin.usecases.services import Services
from ui_extension.admin import preview_words
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.version_words import KIND_WORDS, when_in


def preview_pages(services: Services) -> Blueprint:
    """``/admin/previews``, and one page for each."""
    pages = Blueprint("previews", __name__, url_prefix="/admin/previews", template_folder="templates")

    @pages.post("")
    @may(Action.EDIT, Data.PROGRAMS)
    def ask() -> AnyResponse:
        is_for_new = request.form.get("plans") == "new"
        asked = ask_preview(services, signed_in(), _number("draft"), _moment(services), new_plans_only=is_for_new)
        return redirect(url_for("previews.one", preview_id=asked.id), 303)

    @pages.get("/<int:preview_id>")
    @may(Action.READ, Data.PROGRAMS)
    def one(preview_id: int) -> str:
        after = request.args.get("after", "")
        me = signed_in()
        shown = show_preview(services, me, preview_id, after=int(after) if _is_number(after) else 0)
        return render_template(
            "admin/previews/one.html",
            shown=shown,
            first=services.practice.day(shown.preview.at),
            chosen=_chosen(services, shown.preview),
            is_first_page=not after,
            may_edit=can(me.roles, Action.EDIT, Data.PROGRAMS),
            may_export=can(me.roles, Action.EXPORT, Data.PROGRAMS),
            **_words(services, shown.preview),
        )

    @pages.get("/<int:preview_id>/progress")
    @may(Action.READ, Data.PROGRAMS)
    def progress(preview_id: int) -> Response:
        preview = look_at_preview(services, signed_in(), preview_id)
        answer = make_response(render_template("admin/previews/progress.html", **_words(services, preview)))
        if preview.is_over:
            answer.headers["HX-Refresh"] = "true"
        return answer

    @pages.post("/<int:preview_id>/cancel")
    @may(Action.EDIT, Data.PROGRAMS)
    def cancel(preview_id: int) -> AnyResponse:
        cancel_preview(services, signed_in(), preview_id)
        return redirect(url_for("previews.one", preview_id=preview_id), 303)

    @pages.post("/<int:preview_id>/export")
    @may(Action.EXPORT, Data.PROGRAMS)
    def export(preview_id: int) -> Response:
        changes = export_preview(services, signed_in(), preview_id)
        answer = Response(preview_words.preview_lines(changes), mimetype="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="preview-{preview_id}.csv"'
        return answer

    return pages


def _words(services: Services, preview: Preview) -> Mapping[str, object]:
    return {
        "preview": preview,
        "words": preview_words,
        "kind_word": KIND_WORDS[preview.kind],
        "when": when_in(services.practice.zone),
        "day_words": day_words,
    }


def _chosen(services: Services, preview: Preview) -> Mapping[str, str]:
    """The moment and the plans as the form of publishing has them: a day that begins then, or now."""
    day = services.practice.day(preview.at)
    is_of_day = services.practice.start_of(day) == preview.at
    when = {"when": "day", "from": day.isoformat()} if is_of_day else {"when": "now", "from": ""}
    return {**when, "plans": "new" if preview.plans_from else "all"}


def _moment(services: Services) -> datetime | None:
    """The form of publishing sends the day only where a day was chosen."""
    return moment_of(services, request.form.get("from", "").strip()) if request.form.get("when") == "day" else None


def _number(name: str) -> int:
    text = request.form.get(name, "")
    if not _is_number(text):
        raise BadInput("The number of a draft was expected.")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18

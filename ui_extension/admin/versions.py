"""Versions: what is in force, what was, what is to come; roll back, retire, move plans, and take back what is to
come."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.configuration import KINDS
from plugin.domain.errors import BadForm, UnknownName
from plugin.domain.permissions import Action, Data, can
from plugin.domain.practice_words import day_words
from plugin.usecases.drafts import begun_drafts
from plugin.usecases.roll_back import History, all_histories, history_of, move_others, retire, roll_back, take_back
from plugin.usecases.services import Services
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.version_words import KIND_WORDS, PLURALS, standing_of, verb_of, when_in

_KIND = f"<any({', '.join(KINDS)}):kind>"


def version_pages(services: Services) -> Blueprint:
    """``/admin/versions``, and one page for each program, ladder, calendar and limits."""
    pages = Blueprint("versions", __name__, url_prefix="/admin/versions", template_folder="templates")

    @pages.get("")
    @may(Action.READ, Data.PROGRAMS)
    def listed() -> str:
        return render_template(
            "admin/versions/list.html",
            histories=all_histories(services, signed_in()),
            begun=begun_drafts(services, signed_in()),
            verb=verb_of,
            kinds=KIND_WORDS,
            now=services.clock(),
            when=when_in(services.practice.zone),
        )

    @pages.get(f"/{_KIND}/<code>")
    @may(Action.READ, Data.PROGRAMS)
    def one(kind: str, code: str) -> str:
        return _page(services, history_of(services, signed_in(), kind, code))

    @pages.post(f"/{_KIND}/<code>/roll-back")
    @may(Action.PUBLISH, Data.PROGRAMS)
    def back(kind: str, code: str) -> AnyResponse:
        draft = roll_back(services, signed_in(), kind, code, request.form.get("version", ""))
        return redirect(url_for("publishing.form", draft_id=draft.id), 303)

    @pages.post(f"/{_KIND}/<code>/retire")
    @may(Action.PUBLISH, Data.PROGRAMS)
    def end(kind: str, code: str) -> AnyResponse:
        draft = retire(services, signed_in(), kind, code)
        return redirect(url_for("publishing.form", draft_id=draft.id), 303)

    @pages.post(f"/{_KIND}/<code>/move")
    @may(Action.PUBLISH, Data.PROGRAMS)
    def others(kind: str, code: str) -> AnyResponse:
        draft = move_others(services, signed_in(), kind, code)
        return redirect(url_for("publishing.form", draft_id=draft.id), 303)

    @pages.post(f"/{_KIND}/<code>/take-back")
    @may(Action.PUBLISH, Data.PROGRAMS)
    def not_then(kind: str, code: str) -> AnyResponse | tuple[str, int]:
        me, given = signed_in(), request.form.get("enactment", "")
        history = history_of(services, me, kind, code)
        made = next((made for made in history.enactments if str(made.id) == given), None)
        if made is None:
            raise UnknownName("There is no such version to come.")
        try:
            take_back(services, me, made.id, request.form.get("why", ""))
        except BadForm as error:
            return _page(services, history, wrong_of=made.id, wrong=dict(error.fields)), 422
        return redirect(url_for("versions.one", kind=kind, code=code, done="taken-back"), 303)

    return pages


def _page(services: Services, history: History, *, wrong_of: int = 0, wrong: dict[str, str] | None = None) -> str:
    now = services.clock()
    return render_template(
        "admin/versions/one.html",
        history=history,
        kind_word=KIND_WORDS[history.kind],
        plural=PLURALS.get(history.kind),
        standing=lambda made: standing_of(made, history.enactments, now),
        when=when_in(services.practice.zone),
        day_words=day_words,
        may_publish=can(signed_in().roles, Action.PUBLISH, Data.PROGRAMS),
        wrong_of=wrong_of,
        wrong=wrong or {},
    )

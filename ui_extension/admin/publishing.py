"""Publish a draft, or ask a second person to agree; and the page where that person does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.configuration import CALENDAR, LIMITS, Publication
from plugin.domain.errors import BadForm, Stale
from plugin.domain.permissions import Action, Data, can
from plugin.domain.practice_words import day_words
from plugin.usecases.drafts import discard_draft, get_draft
from plugin.usecases.preview import latest_preview
from plugin.usecases.publish_draft import publish_draft
from plugin.usecases.publish_form import look_at_publishing, moment_of
from plugin.usecases.second_person import approve, refuse, waiting_publications
from plugin.usecases.services import Services
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.version_words import KIND_WORDS, PLURALS, difference_words, share_words, verb_of, when_in

Wrong = Mapping[str, str]


class _Asked(NamedTuple):
    """From which day, empty for now; and for whom."""

    day: str
    new_plans_only: bool


def publishing_pages(services: Services) -> Blueprint:
    """``/admin/drafts/<id>/publish`` and ``/admin/publications``."""
    pages = Blueprint("publishing", __name__, url_prefix="/admin", template_folder="templates")
    _publishing(pages, services)
    _second_person(pages, services)
    return pages


def _publishing(pages: Blueprint, services: Services) -> None:
    @pages.get("/drafts/<int:draft_id>/publish")
    @may(Action.READ, Data.PROGRAMS)
    def form(draft_id: int) -> str | tuple[str, int]:
        asked = _asked(request.args) if "when" in request.args else _previewed(services, draft_id)
        try:
            return _form(services, draft_id, asked, moment_of(services, asked.day))
        except BadForm as error:
            return _form(services, draft_id, asked._replace(new_plans_only=False), None, wrong=error.fields), 422

    @pages.post("/drafts/<int:draft_id>/publish")
    @may(Action.PUBLISH, Data.PROGRAMS)
    def publish(draft_id: int) -> AnyResponse | tuple[str, int]:
        asked, from_ = _asked(request.form), None
        why, revision, preview = (request.form.get(name, "") for name in ("why", "revision", "preview"))
        try:
            from_ = moment_of(services, asked.day)
            done = publish_draft(
                services,
                signed_in(),
                draft_id,
                _number(revision) or 0,
                from_,
                why,
                _number(preview),
                new_plans_only=asked.new_plans_only,
            )
        except BadForm as error:
            asked = asked._replace(new_plans_only=asked.new_plans_only and "plans" not in error.fields)
            return _form(services, draft_id, asked, from_, wrong=error.fields, why=why), 422
        except Stale as error:
            return _form(services, draft_id, asked, from_, wrong={"": str(error)}, why=why), 409
        if isinstance(done, Publication):
            return redirect(url_for("publishing.waiting", done="asked-second"), 303)
        said = "published" if done.applied_at else "scheduled"
        return redirect(url_for("versions.one", kind=done.kind, code=done.code, done=said), 303)

    @pages.post("/drafts/<int:draft_id>/give-up")
    @may(Action.EDIT, Data.PROGRAMS)
    def give_up(draft_id: int) -> AnyResponse:
        """Of a roll back, a retirement, a calendar or limits; programs and ladders have their editor for it."""
        me = signed_in()
        draft = get_draft(services, me, draft_id)
        discard_draft(services, me, draft_id)
        if draft.kind in (CALENDAR, LIMITS):
            return redirect(url_for("practice.whole", done="given-up"), 303)
        return redirect(url_for("versions.one", kind=draft.kind, code=draft.code, done="given-up"), 303)


def _second_person(pages: Blueprint, services: Services) -> None:
    @pages.get("/publications")
    @may(Action.READ, Data.PROGRAMS)
    def waiting() -> str:
        return _waiting(services)

    @pages.post("/publications/<int:publication_id>/approve")
    @may(Action.PUBLISH, Data.PROGRAMS)
    def agree(publication_id: int) -> AnyResponse | tuple[str, int]:
        try:
            done = approve(services, signed_in(), publication_id)
        except BadForm as error:
            return _waiting(services, wrong_of=publication_id, wrong=error.fields), 422
        except Stale as error:
            return _waiting(services, wrong_of=publication_id, wrong={"": str(error)}), 409
        said = "published" if done.applied_at else "scheduled"
        return redirect(url_for("versions.one", kind=done.kind, code=done.code, done=said), 303)

    @pages.post("/publications/<int:publication_id>/refuse")
    @may(Action.PUBLISH, Data.PROGRAMS)
    def disagree(publication_id: int) -> AnyResponse | tuple[str, int]:
        try:
            refuse(services, signed_in(), publication_id, request.form.get("why", ""))
        except BadForm as error:
            return _waiting(services, wrong_of=publication_id, wrong=error.fields), 422
        except Stale as error:
            return _waiting(services, wrong_of=publication_id, wrong={"": str(error)}), 409
        return redirect(url_for("publishing.waiting", done="refused"), 303)


def _form(
    services: Services,
    draft_id: int,
    asked: _Asked,
    from_: datetime | None,
    *,
    wrong: Wrong | None = None,
    why: str = "",
) -> str:
    me = signed_in()
    look = look_at_publishing(services, me, draft_id, from_, new_plans_only=asked.new_plans_only)
    return render_template(
        "admin/versions/publish.html",
        look=look,
        draft=look.draft,
        verb=verb_of(look.draft),
        kind_word=KIND_WORDS[look.draft.kind],
        plural=PLURALS.get(look.draft.kind),
        day=asked.day,
        new_plans_only=asked.new_plans_only,
        from_=from_,
        why=why,
        wrong=wrong or {},
        when=when_in(services.practice.zone),
        day_words=day_words,
        difference=difference_words,
        share=share_words,
        may_publish=can(me.roles, Action.PUBLISH, Data.PROGRAMS),
        may_edit=can(me.roles, Action.EDIT, Data.PROGRAMS),
    )


def _waiting(services: Services, *, wrong_of: int = 0, wrong: Wrong | None = None) -> str:
    me = signed_in()
    return render_template(
        "admin/versions/publications.html",
        rows=waiting_publications(services, me),
        kinds=KIND_WORDS,
        day_of=lambda moment: services.practice.day(moment).isoformat() if moment else "",
        when=when_in(services.practice.zone),
        day_words=day_words,
        difference=difference_words,
        share=share_words,
        may_publish=can(me.roles, Action.PUBLISH, Data.PROGRAMS),
        wrong_of=wrong_of,
        wrong=wrong or {},
    )


def _previewed(services: Services, draft_id: int) -> _Asked:
    """Who comes from the preview of a later day means that day, and those plans."""
    preview = latest_preview(services, signed_in(), draft_id)
    if preview is None:
        return _Asked("", new_plans_only=False)
    is_later = preview.at > services.clock()
    day = services.practice.day(preview.at).isoformat() if is_later else ""
    return _Asked(day, new_plans_only=preview.plans_from is not None)


def _asked(given: Mapping[str, str]) -> _Asked:
    day = given.get("from", "").strip() if given.get("when") == "day" else ""
    return _Asked(day, new_plans_only=given.get("plans") == "new")


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None

"""Sources: connect an EHR, see how it is, pause it, read again what was set aside, remove it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.errors import BadInput, MilepostError
from plugin.domain.permissions import Action, Data, can
from plugin.domain.slug import checked_slug
from plugin.domain.source import OPENEMR
from plugin.usecases.registration import registrations
from plugin.usecases.remove_source import checked_leaving, leave_source, stay, written_there
from plugin.usecases.retry_aside import retry_aside
from plugin.usecases.services import Services
from plugin.usecases.sources import (
    add_source,
    check_source,
    every_source,
    give_token,
    pause_source,
    probe_source,
    source_named,
    subscribe,
)
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.source_form import KINDS, given_fields, source_of
from ui_extension.admin.source_page import source_page


def source_pages(services: Services) -> Blueprint:
    """``/admin/sources`` and one page for each."""
    pages = Blueprint("sources", __name__, url_prefix="/admin/sources", template_folder="templates")

    @pages.get("")
    @may(Action.READ, Data.CONFIGURATION)
    def listed() -> str:
        return render_template("admin/sources/list.html", healths=every_source(services), may_edit=_may_edit())

    @pages.get("/new")
    @may(Action.EDIT, Data.CONFIGURATION)
    def new() -> Response:
        if request.args.get("kind") == OPENEMR:
            asked = {name: request.args.get(name, "").strip() for name in ("slug", "base_url")}
            return _form(services, {"kind": OPENEMR, "proof": "client", **asked})
        return _form(services, {"kind": "hapi", "proof": "client"})

    @pages.post("/new")
    @may(Action.EDIT, Data.CONFIGURATION)
    def add() -> AnyResponse:
        me, given = signed_in(), given_fields()
        try:
            wanted = source_of(given)
            known = request.form.get("vouched") == "yes"
            added = add_source(services, wanted, is_vouched_for=known, by=me.who, told=me.told)
            subscribe(services, added)
        except MilepostError as error:
            return _form(services, given, wrong=str(error), status=422)
        services.jobs.poll(added.id)
        return redirect(url_for("sources.one", slug=added.slug, done="source-added"), 303)

    @pages.get("/<slug>")
    @may(Action.READ, Data.CONFIGURATION)
    def one(slug: str) -> str:
        return source_page(services, source_named(services, slug))

    @pages.get("/<slug>/registration")
    @may(Action.READ, Data.CONFIGURATION)
    def registration(slug: str) -> str:
        source = source_named(services, slug)
        try:
            found, wrong = registrations(services, source.slug, source.base_url), None
        except MilepostError as error:
            found, wrong = None, str(error)
        return render_template("admin/sources/registered.html", source=source, found=found, wrong=wrong)

    @pages.post("/<slug>/test")
    @may(Action.READ, Data.CONFIGURATION)
    def test(slug: str) -> str:
        source = source_named(services, slug)
        return source_page(services, source, checks=check_source(services, source))

    _changes(pages, services)
    _removal(pages, services)
    return pages


def _changes(pages: Blueprint, services: Services) -> None:
    @pages.post("/<slug>/pause")
    @may(Action.EDIT, Data.CONFIGURATION)
    def pause(slug: str) -> AnyResponse:
        me, is_paused = signed_in(), request.form.get("paused") == "yes"
        pause_source(services, source_named(services, slug), is_paused, by=me.who, told=me.told)
        return _back(slug, "paused" if is_paused else "resumed")

    @pages.post("/<slug>/probe")
    @may(Action.EDIT, Data.CONFIGURATION)
    def probe(slug: str) -> AnyResponse:
        me = signed_in()
        source = probe_source(services, source_named(services, slug), by=me.who, told=me.told)
        subscribe(services, source)
        return _back(slug, "probed")

    @pages.post("/<slug>/token")
    @may(Action.EDIT, Data.CONFIGURATION)
    def token(slug: str) -> AnyResponse:
        me, given = signed_in(), request.form.get("token", "").strip()
        source = source_named(services, slug)
        try:
            if not given:
                raise BadInput("The token is missing.")
            give_token(services, source, given, by=me.who, told=me.told)
        except MilepostError as error:
            return make_response(source_page(services, source, wrong=str(error)), 422)
        return _back(slug, "token")

    @pages.post("/<slug>/aside")
    @may(Action.EDIT, Data.CONFIGURATION)
    def again(slug: str) -> AnyResponse:
        me, refs = signed_in(), request.form.getlist("ref")
        retry_aside(services, source_named(services, slug), refs, by=me.who, told=me.told)
        return _back(slug, "aside")


def _removal(pages: Blueprint, services: Services) -> None:
    @pages.get("/<slug>/remove")
    @may(Action.EDIT, Data.CONFIGURATION)
    def remove(slug: str) -> str:
        source = source_named(services, slug)
        try:
            there, wrong = written_there(services, source), None
        except MilepostError as error:
            there, wrong = {}, str(error)
        return render_template("admin/sources/remove.html", source=source, there=there, wrong=wrong)

    @pages.post("/<slug>/remove")
    @may(Action.EDIT, Data.CONFIGURATION)
    def carry_out(slug: str) -> AnyResponse:
        me, source = signed_in(), source_named(services, slug)
        if request.form.get("slug", "").strip() != slug:
            wrong = f"Type the source's name, {slug}, to confirm."
            page = render_template("admin/sources/remove.html", source=source, there={}, wrong=wrong)
            return make_response(page, 422)
        how = checked_leaving(request.form.get("how", ""))
        leave_source(services, source, how, by=me.who, told=me.told)
        return _back(slug, "leaving")

    @pages.post("/<slug>/stay")
    @may(Action.EDIT, Data.CONFIGURATION)
    def not_after_all(slug: str) -> AnyResponse:
        me = signed_in()
        stay(services, source_named(services, slug), by=me.who, told=me.told)
        return _back(slug, "staying")


def _form(services: Services, given: Mapping[str, str], *, wrong: str | None = None, status: int = 200) -> Response:
    """The secret is not given back: it is typed again."""
    if given["kind"] == OPENEMR:
        return make_response(_openemr_form(services, given, wrong), status)
    shown = {name: value for name, value in given.items() if name != "token"}
    return make_response(render_template("admin/sources/new.html", given=shown, wrong=wrong, kinds=KINDS), status)


def _openemr_form(services: Services, given: Mapping[str, str], wrong: str | None) -> str:
    """What is to be registered there, as soon as it is known where that is; then the form."""
    found, where = None, given.get("base_url", "")
    if where and given.get("slug"):
        try:
            found = registrations(services, checked_slug(given["slug"]), where)
        except MilepostError as error:
            wrong = wrong or str(error)
    return render_template(
        "admin/sources/new_openemr.html",
        given=given,
        found=found,
        wrong=wrong,
        practice_zone=services.practice.zone.key,
    )


def _back(slug: str, done: str) -> AnyResponse:
    return redirect(url_for("sources.one", slug=slug, done=f"source-{done}"), 303)


def _may_edit() -> bool:
    return can(signed_in().roles, Action.EDIT, Data.CONFIGURATION)

"""People: who uses Milepost and with which roles; invite, shut out, have somebody start over, map EHR users."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for

from plugin.domain.account import check_proven
from plugin.domain.errors import BadForm
from plugin.domain.permissions import Action, Data, Role, can, role_words
from plugin.domain.person import Person
from plugin.usecases.accounts import By, Invited, belong, give_roles, invite, shut_out, start_over
from plugin.usecases.people import Known, everybody
from plugin.usecases.services import Services
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.numbers import LARGEST
from ui_extension.admin.role_hints import ROLE_HINTS

ROLES = [(role.value, role_words(role).capitalize(), ROLE_HINTS[role]) for role in Role]
_NOTHING: Mapping[str, str] = {}


def people_pages(services: Services) -> Blueprint:
    """``/admin/people`` and below."""
    pages = Blueprint("people", __name__, template_folder="templates")
    _reading(pages, services)
    _inviting(pages, services)
    _changing(pages, services)
    return pages


def _reading(pages: Blueprint, services: Services) -> None:
    @pages.get("/admin/people")
    @may(Action.READ, Data.PEOPLE)
    def people() -> Response:
        known = everybody(services)
        names = {each.person.id: each.person.name or each.person.subject for each in known}
        page = render_template(
            "admin/people.html",
            known=[each for each in known if not _is_waiting(each)],
            waiting=[each for each in known if _is_waiting(each)],
            names=names,
            now=services.clock(),
            zone=services.practice.zone,
            can_edit=_can_edit(),
        )
        return make_response(page)

    @pages.get("/admin/people/<int:person_id>")
    @may(Action.READ, Data.PEOPLE)
    def person(person_id: int) -> Response:
        return _person_page(services, person_id)


def _inviting(pages: Blueprint, services: Services) -> None:
    @pages.get("/admin/people/new")
    @may(Action.EDIT, Data.PEOPLE)
    def invite_form() -> Response:
        return _invite_page(_NOTHING)

    @pages.post("/admin/people/new")
    @may(Action.EDIT, Data.PEOPLE)
    def send_invite() -> Response:
        try:
            invited = invite(
                services, request.form.get("name", ""), request.form.get("person_name", ""), _roles(), by=_by(services)
            )
        except BadForm as bad:
            return _invite_page(bad.fields)
        return _invited_page(invited, is_new=True)

    @pages.post("/admin/people/<int:person_id>/start-over")
    @may(Action.EDIT, Data.PEOPLE)
    def send_start_over(person_id: int) -> Response:
        return _invited_page(start_over(services, person_id, by=_by(services)), is_new=False)


def _changing(pages: Blueprint, services: Services) -> None:
    @pages.post("/admin/people/<int:person_id>/roles")
    @may(Action.EDIT, Data.PEOPLE)
    def roles(person_id: int) -> Response:
        by, seen = _by(services), request.form.get("seen", "").split()
        try:
            give_roles(services, person_id, _roles(), seen=seen, by=by)
        except BadForm as bad:
            return _person_page(services, person_id, bad.fields)
        return _back_to(person_id, "roles")

    @pages.post("/admin/people/<int:person_id>/state")
    @may(Action.EDIT, Data.PEOPLE)
    def state(person_id: int) -> Response:
        by, to = _by(services), request.form.get("to")
        if to not in ("out", "in"):
            abort(400)
        try:
            shut_out(services, person_id, is_disabled=to == "out", by=by)
        except BadForm as bad:
            return _person_page(services, person_id, bad.fields)
        return _back_to(person_id, "disabled" if to == "out" else "enabled")

    @pages.post("/admin/people/<int:person_id>/belongs-to")
    @may(Action.EDIT, Data.PEOPLE)
    def belongs_to(person_id: int) -> Response:
        by, to = _by(services), request.form.get("to", "")
        if to and not (to.isascii() and to.isdigit() and int(to) <= LARGEST):
            abort(400)
        belong(services, person_id, int(to) if to else None, by=by)
        return _back_to(person_id, "mapped" if to else "unmapped")


def _by(services: Services) -> By:
    """Who asks: with password and code given a short while ago, since roles are what everything else hangs on."""
    who = signed_in()
    check_proven(who, services.clock())
    return By.session(who)


def _person_page(services: Services, person_id: int, wrong: Mapping[str, str] = _NOTHING) -> Response:
    known = {each.person.id: each for each in everybody(services)}
    if person_id not in known:
        abort(404)
    chosen = known[person_id]
    page = render_template(
        "admin/person.html",
        chosen=chosen,
        owner=known.get(chosen.person.belongs_to or 0),
        ways_in=[each for each in known.values() if each.person.belongs_to == person_id],
        others=[(p.id, p.name or p.subject) for p in _could_own(known, person_id)],
        roles=ROLES,
        given=request.form.getlist("roles") if wrong.get("roles") else chosen.person.roles,
        wrong=wrong,
        now=services.clock(),
        zone=services.practice.zone,
        can_edit=_can_edit(),
    )
    return make_response(page, 422 if wrong else 200)


def _could_own(known: Mapping[int, Known], person_id: int) -> list[Person]:
    people = [each.person for each in known.values()]
    return [person for person in people if person.id != person_id and person.belongs_to is None]


def _invite_page(wrong: Mapping[str, str]) -> Response:
    page = render_template("admin/invite.html", roles=ROLES, given=request.form, chosen=_roles(), wrong=wrong)
    return make_response(page, 422 if wrong else 200)


def _invited_page(invited: Invited, *, is_new: bool) -> Response:
    """The password is in this answer and nowhere else."""
    return make_response(render_template("admin/invited.html", invited=invited, is_new=is_new))


def _is_waiting(known: Known) -> bool:
    """Came from an EHR, and nobody has said yet who that is, or what they may."""
    person = known.person
    return known.account is None and person.belongs_to is None and not person.roles and not person.is_disabled


def _roles() -> list[str]:
    return request.form.getlist("roles")


def _can_edit() -> bool:
    return can(signed_in().roles, Action.EDIT, Data.PEOPLE)


def _back_to(person_id: int, done: str) -> Response:
    return redirect(url_for("people.person", person_id=person_id, done=done), 303)  # type: ignore[return-value]  # werkzeug's

"""The way in and out: sign-in, one's own password and second factor, password and code once more, sign-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import Blueprint, Flask, Response, make_response, redirect, render_template, request, url_for

from plugin.api.access import Access, open_to
from plugin.domain.account import check_proven
from plugin.domain.errors import BadForm, ProofNeeded, SessionEnded
from plugin.usecases.admin_session import Current, sign_out
from plugin.usecases.services import Services
from plugin.usecases.set_up import Parts, SetUp, Wanted, begin_second_factor, missing_parts, set_up
from plugin.usecases.sign_in import Attempt, sign_in
from ui_extension.admin.access import signed_in, whoever_is_signed_in
from ui_extension.admin.faults import prove_page, sign_in_page
from ui_extension.admin.guard import came_from, check_form, current_admin, enter
from ui_extension.admin.keeping import BACK, PROOF_PASSWORD, kept_form, own_path
from ui_extension.admin.qr import qr_code
from ui_extension.admin.session import let_out, shown_token

PASSWORD = Parts(password=True, second_factor=False)
SECOND_FACTOR = Parts(password=False, second_factor=True)


def sign_in_pages(services: Services, app: Flask) -> Blueprint:
    """``/admin/sign-in``, ``/admin/sign-in/set-up``, ``/admin/sign-out``, ``/admin/prove``."""
    pages = Blueprint("sign_in", __name__, template_folder="templates")

    @pages.get("/admin/sign-in")
    @open_to(Access.SIGN_IN)
    def form() -> Response:
        return make_response(sign_in_page(app))

    @pages.post("/admin/sign-in")
    @open_to(Access.SIGN_IN)
    def send() -> Response:
        attempt = Attempt(
            name=_sent("name"), password=_sent("password"), code=_sent("code").strip(), origin=came_from()
        )
        opened = sign_in(services, attempt, instead_of=shown_token())
        if opened is None:
            return make_response(sign_in_page(app, is_wrong=True, name=attempt.name), 401)
        enter(services, opened.token)
        return _on(app, is_complete=opened.session.is_complete)

    @pages.get("/admin/sign-in/set-up")
    @open_to(Access.SIGN_IN)
    def set_up_form() -> Response:
        return _set_up_page(services, current_admin(services))

    @pages.post("/admin/sign-in/set-up")
    @open_to(Access.SIGN_IN)
    def send_set_up() -> Response:
        current = current_admin(services)
        check_form(current)
        return _set_up(services, current, missing_parts(current.account))

    @pages.post("/admin/sign-out")
    @whoever_is_signed_in
    def leave() -> Response:
        sign_out(services, shown_token() or "", signed_in())
        let_out()
        return redirect(url_for("sign_in.form", done="signed-out"), 303)  # type: ignore[return-value]  # werkzeug's

    @pages.get("/admin/prove")
    @whoever_is_signed_in
    def prove_form() -> Response:
        return make_response(prove_page(app))

    @pages.post("/admin/prove")
    @whoever_is_signed_in
    def prove() -> Response:
        if PROOF_PASSWORD not in request.form:
            raise ProofNeeded("Nothing was given.")
        back = own_path(app, _sent(BACK)) or url_for("home.home", done="proven")
        return redirect(back, 303)  # type: ignore[return-value]  # werkzeug's

    return pages


def own_sign_in_pages(services: Services) -> Blueprint:
    """``/admin/me/password`` and ``/admin/me/second-factor``: what was set up once, set up anew."""
    pages = Blueprint("own_sign_in", __name__, template_folder="templates")

    @pages.get("/admin/me/password")
    @whoever_is_signed_in
    def password_form() -> Response:
        check_proven(signed_in(), services.clock())
        return _set_up_page(services, current_admin(services), PASSWORD)

    @pages.post("/admin/me/password")
    @whoever_is_signed_in
    def password() -> Response:
        check_proven(signed_in(), services.clock())
        return _set_up(services, current_admin(services), PASSWORD)

    @pages.get("/admin/me/second-factor")
    @whoever_is_signed_in
    def second_factor_form() -> Response:
        check_proven(signed_in(), services.clock())
        current = current_admin(services)
        session = begin_second_factor(services, shown_token() or "", current)
        return _set_up_page(services, replace(current, session=session), SECOND_FACTOR)

    @pages.post("/admin/me/second-factor")
    @whoever_is_signed_in
    def second_factor() -> Response:
        check_proven(signed_in(), services.clock())
        return _set_up(services, current_admin(services), SECOND_FACTOR)

    return pages


def _on(app: Flask, *, is_complete: bool) -> Response:
    """Where somebody goes who has just signed in: to what waits for them, or home."""
    if not is_complete:
        return redirect(url_for("sign_in.set_up_form"), 303)  # type: ignore[return-value]  # werkzeug's
    kept = kept_form(app)
    if kept is not None:
        return make_response(render_template("admin/kept.html", kept=kept))
    return redirect(own_path(app, _sent(BACK)) or url_for("home.home"), 303)  # type: ignore[return-value]  # werkzeug's


def _set_up(services: Services, current: Current, parts: Parts) -> Response:
    wanted = Wanted(password=_sent("password"), again=_sent("again"), code=_sent("code").strip())
    try:
        done = set_up(services, shown_token() or "", current, parts, wanted, origin=came_from())
    except BadForm as bad:
        return _set_up_page(services, current, parts, bad.fields)
    enter(services, done.opened.token)
    return _after_set_up(done)


def _after_set_up(done: SetUp) -> Response:
    """Recovery codes are shown in the answer itself: nothing keeps them, so no second page could."""
    if done.recovery_codes:
        return make_response(render_template("admin/recovery.html", codes=done.recovery_codes))
    return redirect(url_for("home.home", done="password"), 303)  # type: ignore[return-value]  # werkzeug's


def _set_up_page(
    services: Services, current: Current, parts: Parts | None = None, wrong: Mapping[str, str] | None = None
) -> Response:
    parts = parts or missing_parts(current.account)
    if not parts.password and not parts.second_factor:
        raise SessionEnded("Everything is set up.")
    secret = current.session.new_secret if parts.second_factor else None
    account = current.account.name
    page = render_template(
        "admin/set_up.html",
        parts_wanted=parts,
        account=account,
        secret=secret,
        qr=qr_code(services.one_time_codes.uri(secret, account)) if secret else None,
        wrong=wrong or {},
    )
    return make_response(page, 422 if wrong else 200)


def _sent(name: str) -> str:
    return request.form.get(name, "")

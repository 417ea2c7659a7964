"""The staff account of an OpenEMR source: signed in once, from the source's page.

The browser goes to OpenEMR and comes back from another site: without our cookie, which is SameSite=Strict. So it comes
back to a page that is open to everybody and holds nothing; a form on it, sent from our own site, leads on to the page
behind the sign-in. That form was drawn for no session and has no form token: what proves it is the state, which only
this session knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.api.access import Access, open_to
from plugin.domain.errors import BadForm, ForeignPage, MilepostError, TemporaryFailure
from plugin.domain.permissions import Action, Data
from plugin.usecases.services import Services
from plugin.usecases.sources import source_named
from plugin.usecases.staff_account import sign_out_staff
from plugin.usecases.staff_sign_in import begin_staff_sign_in, finish_staff_sign_in, name_staff_client
from ui_extension.admin.access import may, proven_by, signed_in
from ui_extension.admin.source_page import source_page

Answer = AnyResponse | tuple[str, int] | str

_REFUSED: Mapping[str, str] = {
    "access_denied": "Consent was refused in OpenEMR.",
    "invalid_scope": "OpenEMR does not know one of the rights that Milepost asks for. Register the client for staff messages "
    "anew, with the text of now.",
    "unauthorized_client": "The client for staff messages is not enabled in OpenEMR (Admin, System, API Clients).",
}
_SAYS_NO = "OpenEMR did not let this account sign in."
_NO_ANSWER = "OpenEMR did not answer, or not as it should. Begin the sign-in again in a minute."
_LONGEST = 4_096


def staff_account_pages(services: Services) -> Blueprint:
    """``/admin/sources/<slug>/staff-account``."""
    pages = Blueprint(
        "staff_account", __name__, url_prefix="/admin/sources/<slug>/staff-account", template_folder="templates"
    )

    @pages.post("/begin")
    @may(Action.EDIT, Data.CONFIGURATION)
    def begin(slug: str) -> Answer:
        """A link, not a redirect: no form of ours may lead to another site (form-action)."""
        source = source_named(services, slug)
        try:
            url = begin_staff_sign_in(services, source, signed_in())
        except MilepostError as error:
            return source_page(services, source, wrong=_why(error)), 422
        return render_template("admin/sources/staff_begin.html", source=source, url=url, host=urlsplit(url).netloc)

    @pages.get("/back")
    @open_to(Access.SIGN_IN)
    def back(slug: str) -> Answer:
        """Whatever came is only handed on."""
        source_named(services, slug)
        code, state = (_given(name) for name in ("code", "state"))
        if not code or not state:
            words = _REFUSED.get(_given("error"), _SAYS_NO)
            return render_template("admin/sources/staff_refused.html", slug=slug, words=words)
        return render_template("admin/sources/staff_back.html", slug=slug, code=code, state=state)

    @pages.post("")
    @proven_by("state")
    @may(Action.EDIT, Data.CONFIGURATION)
    def finish(slug: str) -> Answer:
        state = request.form.get("state", "")
        if not state:
            raise ForeignPage("The form carries no state.")
        source = source_named(services, slug)
        try:
            finish_staff_sign_in(services, source, signed_in(), code=request.form.get("code", ""), state=state)
        except MilepostError as error:
            return source_page(services, source, wrong=f"The staff account is not signed in. {_why(error)}"), 422
        return redirect(url_for("sources.one", slug=slug, done="staff-signed-in"), 303)

    _keeping(pages, services)
    return pages


def _keeping(pages: Blueprint, services: Services) -> None:
    @pages.post("/client")
    @may(Action.EDIT, Data.CONFIGURATION)
    def client(slug: str) -> Answer:
        me, source = signed_in(), source_named(services, slug)
        named, secret = (request.form.get(name, "").strip() for name in ("staff_client", "staff_secret"))
        try:
            name_staff_client(services, source, named, secret, by=me.who, told=me.told)
        except BadForm as bad:
            return source_page(services, source, wrong=str(bad)), 422
        return redirect(url_for("sources.one", slug=slug, done="staff-client"), 303)

    @pages.post("/forget")
    @may(Action.EDIT, Data.CONFIGURATION)
    def forget(slug: str) -> Answer:
        me = signed_in()
        sign_out_staff(services, source_named(services, slug), by=me.who, told=me.told)
        return redirect(url_for("sources.one", slug=slug, done="staff-forgotten"), 303)


def _why(error: MilepostError) -> str:
    return _NO_ANSWER if isinstance(error, TemporaryFailure) else str(error)


def _given(name: str) -> str:
    """A parameter that came once, and is no longer than one can be."""
    given = request.args.getlist(name)
    return given[0] if len(given) == 1 and len(given[0]) <= _LONGEST else ""

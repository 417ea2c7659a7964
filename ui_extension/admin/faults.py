"""How an admin page says that something cannot be done: in words, and with the way on. Never what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, make_response, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from plugin.domain.errors import (
    BadInput,
    Forbidden,
    ForeignPage,
    MissingRight,
    PermanentFailure,
    ProofNeeded,
    SessionEnded,
    Stale,
    TemporaryFailure,
    UnknownName,
)
from plugin.domain.permissions import Action, Data, role_words, roles_with
from plugin.ops.logs import log_for, where
from ui_extension.admin.guard import account_of_request, is_of_session
from ui_extension.admin.headers import is_admin_path
from ui_extension.admin.keeping import BACK, PROOF_PASSWORD, as_kept, own_path, sent_fields, typed_fields
from ui_extension.admin.right_words import CLASSES, right_words

_log = log_for("admin")


@dataclass(frozen=True, slots=True)
class Words:
    """A page's heading, what happened, and what to do."""

    title: str
    happened: str
    advice: str


_BACK = "What you had typed stands below, so that you can use it again."
_STATUSES: Mapping[int, Words] = {
    400: Words(
        "This cannot be asked like this", "The request was not one of Milepost's own.", "Go back and try again."
    ),
    404: Words(
        "There is nothing here", "This page does not exist, or not any more.", "Look for it from the home page."
    ),
    405: Words("This cannot be asked like this", "The page does not take this.", "Look for it from the home page."),
    409: Words("Somebody was faster", "What you saw is not what stands now, so nothing was saved.", _BACK),
    413: Words("This is too large", "More than a megabyte was sent. Nothing was saved.", "Send less at once."),
    422: Words("Something is missing or wrong", "Nothing was saved.", _BACK),
    429: Words("Too often", "This was tried very often in a short time.", "Wait a few minutes, then try again."),
    500: Words("Something went wrong", "It was Milepost's fault, and it was written down.", "Try it again later."),
    503: Words(
        "Not just now",
        "Something that this needs does not answer. Nothing was saved.",
        "Wait a moment, then try again.",
    ),
}
_FOREIGN = Words(
    "This form was not taken",
    "It did not come from an open page of your session: the page is from before you last signed in, or Milepost is open "
    "under another address than its own. Nothing was saved.",
    "Open the page anew, then send it again.",
)


def fault(words: Words, status: int) -> Response:
    """A whole page; for htmx, what it puts into its place. What was typed is in it, where it came from a page of ours."""
    template = "admin/fault_part.html" if request.headers.get("HX-Request") else "admin/fault.html"
    typed = typed_fields() if is_of_session() and request.method == "POST" and status != 413 else []
    return make_response(render_template(template, words=words, typed=typed), status)


def admin_fault_page(status: int) -> Response | None:
    """What a path below /admin that no route takes is answered with; None elsewhere."""
    return fault(_of_status(status), status) if is_admin_path() else None


def with_faults(pages: Blueprint, app: Flask) -> Blueprint:
    """The blueprint, with a page for whatever it or the guard before it raises."""
    _session_faults(pages, app)
    _refusals(pages)
    _failures(pages)
    return pages


def _session_faults(pages: Blueprint, app: Flask) -> None:
    @pages.errorhandler(SessionEnded)
    def ended(failure: SessionEnded) -> Response:
        if request.headers.get("HX-Request"):
            answer = fault(Words("You were signed out", "The page loads anew.", ""), 401)
            answer.headers["HX-Refresh"] = "true"
            return answer
        return make_response(sign_in_page(app, is_ended=True), 401)

    @pages.errorhandler(ProofNeeded)
    def proof(failure: ProofNeeded) -> Response:
        return make_response(prove_page(app), 403)


def prove_page(app: Flask) -> str:
    """Password and code go to where the form was sent, together with what was in it; of a page that was only asked for, to
    ``/admin/prove``, which leads back to it."""
    is_of_prove = request.endpoint in ("sign_in.prove", "sign_in.prove_form")
    is_form = request.method == "POST" and not is_of_prove
    return render_template(
        "admin/prove.html",
        to=own_path(app, request.path, "POST") if is_form else url_for("sign_in.prove"),
        back=own_path(app, request.values.get(BACK, "") if is_of_prove else request.full_path),
        fields=sent_fields() if is_form else [],
        is_wrong=PROOF_PASSWORD in request.form,
        account=account_of_request(),
    )


def sign_in_page(app: Flask, *, is_ended: bool = False, is_wrong: bool = False, name: str = "") -> str:
    """The form, and behind it what waits: the page that was asked for, or the form that was sent."""
    waits_for_page = is_ended and request.method == "GET"
    waits_with_form = is_ended and request.method == "POST"
    return render_template(
        "admin/sign_in.html",
        is_ended=is_ended,
        is_wrong=is_wrong,
        name=name,
        back=own_path(app, request.full_path) if waits_for_page else request.form.get("back"),
        kept_to=own_path(app, request.path, "POST") if waits_with_form else request.form.get("kept_to"),
        kept=as_kept(sent_fields()) if waits_with_form else _kept_again(),
    )


def _kept_again() -> list[tuple[str, str]]:
    """Through a second attempt, as they came with the first."""
    return [(name, value) for name, value in request.form.items(multi=True) if name.startswith("kept.")]


def _refusals(pages: Blueprint) -> None:
    @pages.errorhandler(ForeignPage)
    def foreign(failure: ForeignPage) -> Response:
        _log.warning("form_refused", route=_route())
        return fault(_FOREIGN, 403)

    @pages.errorhandler(MissingRight)
    def missing(failure: MissingRight) -> Response:
        return fault(_missing(Action(failure.action), Data(failure.data)), 403)

    @pages.errorhandler(Forbidden)
    def forbidden(failure: Forbidden) -> Response:
        return fault(Words("You may not do this", str(failure), "Ask somebody who may."), 403)

    @pages.errorhandler(Stale)
    def stale(failure: Stale) -> Response:
        return fault(Words("Somebody was faster", str(failure), f"Nothing was saved. {_BACK}"), 409)

    @pages.errorhandler(UnknownName)
    def unknown(failure: UnknownName) -> Response:
        return fault(_STATUSES[404], 404)

    @pages.errorhandler(BadInput)
    def bad(failure: BadInput) -> Response:
        return fault(Words("Something is missing or wrong", str(failure), f"Nothing was saved. {_BACK}"), 422)


def _failures(pages: Blueprint) -> None:
    @pages.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if error.response is not None:
            return error.get_response()  # type: ignore[return-value]  # what a page chose to answer, a redirect
        status = error.code or 500
        return fault(_of_status(status), status)

    @pages.errorhandler(TemporaryFailure)
    def temporary(failure: TemporaryFailure) -> Response:
        _log.warning("request_failed", route=_route(), error=type(failure).__name__, words=str(failure))
        return fault(_STATUSES[503], 503)

    @pages.errorhandler(PermanentFailure)
    def permanent(failure: PermanentFailure) -> Response:
        _log.error("request_failed", route=_route(), error=type(failure).__name__, words=str(failure))
        return fault(_STATUSES[500], 500)

    @pages.errorhandler(Exception)
    def crashed(error: Exception) -> Response:
        _log.error("request_crashed", route=_route(), error=type(error).__name__, where=where(error))
        return fault(_STATUSES[500], 500)


def _missing(action: Action, data: Data) -> Words:
    having = ", ".join(role_words(role) for role in roles_with(action, data)) or "no role"
    return Words(
        "Your roles do not allow this",
        f"{CLASSES[data]}: to {right_words(action, data)} takes one of these roles: {having}.",
        "An administrator gives roles. “What may I do?” at the top of the page says what yours allow.",
    )


def _of_status(status: int) -> Words:
    return _STATUSES.get(status, _STATUSES[500 if status >= 500 else 400])


def _route() -> str:
    """The route's pattern: the path itself may hold an id."""
    return request.url_rule.rule if request.url_rule else "none"

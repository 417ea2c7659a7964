"""The FHIR server as apps reach it: with a token, within its scopes, for its one patient; answers streamed as they
come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Request, Response, redirect, request, url_for
from urllib3.response import BaseHTTPResponse
from werkzeug.wrappers import Response as AnyResponse

from deploy.demo.ehr.grants import Grant
from deploy.demo.ehr.interaction import READING, Interaction, NotServed, interaction, of_bundle
from deploy.demo.ehr.outcome import no_token, not_allowed, outcome
from deploy.demo.ehr.parts import Parts
from deploy.demo.ehr.permit import PATIENT_SEARCH, Refused, check_is_plain, check_scopes, check_search, held_to
from deploy.demo.ehr.upstream import NoAnswer, chunks
from deploy.demo.ehr.vault import Vault

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
PAGES_S = 3600.0
_PASSED_ON = (
    "Accept",
    "Accept-Encoding",
    "Cache-Control",
    "Content-Type",
    "Host",  # the server makes its links from it
    "If-Match",
    "If-Modified-Since",
    "If-None-Exist",
    "If-None-Match",
    "Prefer",
)
_OF_THE_CONNECTION = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade", "server"}
)
_PAGE = re.compile(rb"_getpages=([0-9a-fA-F-]{36})")


def fhir_proxy(ehr: Parts) -> Blueprint:
    """``/fhir`` and everything below it."""
    pages = Blueprint("fhir", __name__)
    proxy = _Proxy(ehr)

    @pages.route("/fhir", methods=METHODS)
    @pages.route("/fhir/", methods=METHODS)
    @pages.route("/fhir/<path:path>", methods=METHODS)
    def fhir(path: str = "") -> AnyResponse:
        """A browser has no token: it followed an app's link into the chart, and is shown the record as a page."""
        if _is_browser(request) and path.count("/") == 1:
            type_, _, id_ = path.partition("/")
            return redirect(url_for("charts.record", type_=type_, id_=id_))
        try:
            return proxy.answer(request, path.rstrip("/"))
        except NotServed as refusal:
            return outcome(400, "not-supported", str(refusal))
        except Refused as refusal:
            return not_allowed(str(refusal))
        except NoAnswer as failure:
            return outcome(503, "transient", str(failure), {"Retry-After": "1"})

    return pages


class _Proxy:
    """``_pages``: which patient's search each set of pages is."""

    def __init__(self, ehr: Parts) -> None:
        self._ehr = ehr
        self._pages: Vault[str] = Vault(ehr.clock, PAGES_S)

    def answer(self, asked: Request, path: str) -> Response:
        """What the server says, or why it was not asked."""
        if path == "metadata" and asked.method in READING:
            return self._streamed(asked, path, _query(asked))
        grant = self._grant(asked)
        if grant is None:
            return no_token()
        if grant.patient is not None:
            return self._for_patient(asked, path, grant, grant.patient)
        check_scopes(grant, self._interactions(asked, path))
        return self._streamed(asked, path, _query(asked))

    def _grant(self, asked: Request) -> Grant | None:
        scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
        return self._ehr.grants.access(token.strip()) if scheme.lower() == "bearer" else None

    @staticmethod
    def _interactions(asked: Request, path: str) -> Iterable[Interaction]:
        if not path and asked.method == "POST":
            return list(of_bundle(_json(asked)))
        if not path and "_getpages" in asked.args and asked.method in READING:
            return ()  # a further page of a search that was allowed; its name cannot be guessed
        return [interaction(asked.method, path)]

    def _for_patient(self, asked: Request, path: str, grant: Grant, patient: str) -> Response:
        """Within one patient. Answers are small, and read whole, so that further pages are known as this patient's."""
        pages = asked.args.getlist("_getpages")
        if not path and pages and asked.method in READING:
            if {self._pages.get(page) for page in pages} != {patient}:
                raise Refused("These are not pages of a search of this patient.")
            return self._noted(asked, path, _query(asked), patient)
        one = interaction(asked.method, path)
        check_is_plain(one)
        check_scopes(grant, [one])
        if one.id is not None:
            self._check_is_theirs(one, patient)
            return self._streamed(asked, path, _query(asked))
        if path.partition("/")[0] != one.type:
            raise Refused("A token for one patient does not allow a search in a compartment.")
        check_search(_query(asked), patient)
        if asked.method == "POST":
            check_search(asked.get_data(as_text=True), patient)
        held = "&".join(filter(None, (_query(asked), urlencode(held_to(one.type, patient)))))
        return self._noted(asked, path, held, patient)

    def _check_is_theirs(self, one: Interaction, patient: str) -> None:
        """The server itself is asked, so that its own notion of a compartment decides."""
        if one.type not in PATIENT_SEARCH:
            return
        found = self._ehr.upstream.search(
            one.type, [("_id", one.id or ""), *held_to(one.type, patient), ("_summary", "count")]
        )
        if found.get("total") != 1:
            raise Refused("The token is for another patient.")

    def _noted(self, asked: Request, path: str, query: str, patient: str) -> Response:
        answered = self._sent(asked, path, query, {"Accept-Encoding": "identity"})
        body = b"".join(chunks(answered))
        for page in _PAGE.findall(body):
            self._pages.add(page.decode(), patient)
        return Response(body, answered.status, _headers(answered))

    def _streamed(self, asked: Request, path: str, query: str) -> Response:
        answered = self._sent(asked, path, query)
        return Response(chunks(answered), answered.status, _headers(answered), direct_passthrough=True)

    def _sent(
        self, asked: Request, path: str, query: str, instead: Mapping[str, str] | None = None
    ) -> BaseHTTPResponse:
        target = f"/fhir{'/' if path else ''}{path}{'?' if query else ''}{query}"
        headers = {name: asked.headers[name] for name in _PASSED_ON if name in asked.headers}
        headers.setdefault("Accept-Encoding", "identity")
        body = asked.get_data() or None
        return self._ehr.upstream.send(asked.method, target, {**headers, **(instead or {})}, body)


def _is_browser(asked: Request) -> bool:
    has_no_token = "Authorization" not in asked.headers
    return has_no_token and asked.method == "GET" and "text/html" in asked.headers.get("Accept", "")


def _query(asked: Request) -> str:
    return asked.query_string.decode("ascii", "ignore")


def _json(asked: Request) -> Mapping[str, object]:
    try:
        found = orjson.loads(asked.get_data())
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise NotServed("A Bundle is taken as JSON only.")
    return found


def _headers(answered: BaseHTTPResponse) -> list[tuple[str, str]]:
    return [(name, value) for name, value in answered.headers.items() if name.lower() not in _OF_THE_CONNECTION]

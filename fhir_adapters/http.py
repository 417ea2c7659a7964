"""A FHIR server over HTTP: plugin/outbound with FHIR added. JSON in and out, OperationOutcomes, versions, paging links.

Resources are plain dicts, as they came. Every failure is a TemporaryFailure or a PermanentFailure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from fhir_adapters.errors import failure_of
from plugin.domain.errors import NotFhir, TooLarge
from plugin.outbound import Answer, Auth, Circuit, GuardedSession, Terms, Timing

Resource = dict[str, Any]  # Any: JSON at the edge, as the server sent it; mapping.py makes records of it
Params = Mapping[str, str | list[str]]

_FHIR_JSON = "application/fhir+json"
_FORM = "application/x-www-form-urlencoded"
# We ask for 1,000 a page; a server that adds included resources may go over it, one that sends anything may not.
LARGEST_PAGE = 5_000
MOST_PAGES = 200


@dataclass(frozen=True)
class Reply:
    """`version` comes from the ETag, bare (`3`); `served_at` is the server's own clock, in UTC."""

    status_code: int
    version: str | None
    served_at: datetime | None
    resource: Resource = field(repr=False)


class FhirHttp:
    """One source. Paths are relative to its base (`Task/1`, `Task`, or empty for the base itself), or absolute and
    under it."""

    def __init__(
        self,
        base_url: str,
        auth: Auth | None = None,
        *,
        terms: Terms | None = None,
        link_aliases: Iterable[str] = (),
        circuit: Circuit | None = None,
        timing: Timing | None = None,
    ) -> None:
        self._session = GuardedSession(
            base_url, auth, terms=terms, link_aliases=link_aliases, circuit=circuit, timing=timing
        )

    @property
    def base_url(self) -> str:
        return self._session.origin.base_url

    def close(self) -> None:
        self._session.close()

    def read(self, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        answer = self._session.send("GET", path, params=params, headers={"Accept": _FHIR_JSON, **(headers or {})})
        return self._reply(answer)

    def get(self, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None) -> Resource:
        return self.read(path, params, headers).resource

    def put(self, path: str, resource: Mapping[str, object], *, if_match: str | None = None) -> Reply:
        """`if_match` is the version that must stand on the server, bare. After a lost answer the same body is sent
        again: without `if_match` that changes nothing, with it the second try may be a VersionConflict with ourselves,
        so read and compare."""
        return self._write("PUT", path, resource, headers=_if_match(if_match))

    def post(
        self,
        path: str,
        resource: Mapping[str, object],
        *,
        repeatable: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Sent once, unless the caller knows that sending it twice makes nothing twice."""
        return self._write("POST", path, resource, headers=headers, repeatable=repeatable)

    def transaction(self, bundle: Mapping[str, object], *, repeatable: bool = False) -> Reply:
        """A transaction (or batch) Bundle, posted to the base. The reply has an answer to every entry, in order."""
        reply = self.post("", bundle, repeatable=repeatable)
        asked, answered = bundle.get("entry"), reply.resource.get("entry", [])
        if reply.resource.get("resourceType") != "Bundle" or not isinstance(answered, list):
            raise NotFhir(f"The transaction at {self.base_url} was answered with no Bundle.")
        if isinstance(asked, list) and len(asked) != len(answered):
            raise NotFhir(f"A transaction of {len(asked)} entries at {self.base_url} got {len(answered)} answers.")
        return reply

    def delete(self, path: str, *, if_match: str | None = None) -> Reply:
        headers = {"Accept": _FHIR_JSON, **_if_match(if_match)}
        return self._reply(self._session.send("DELETE", path, headers=headers))

    def search(self, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None) -> Resource:
        """One page: a Bundle, of no unreasonable size."""
        return self._bundle(self.get(path, params, headers))

    def _bundle(self, bundle: Resource) -> Resource:
        entries = bundle.get("entry", [])
        if bundle.get("resourceType") != "Bundle" or not isinstance(entries, list):
            raise NotFhir(f"A search at {self.base_url} was answered with no Bundle.")
        if len(entries) > LARGEST_PAGE:
            raise TooLarge(f"A page of {len(entries):,} entries from {self.base_url} was refused.")
        return bundle

    def next_link(self, bundle: Resource) -> str | None:
        """Where the next page is. A link out of the source raises OutsideSource."""
        links = bundle.get("link")
        for link in links if isinstance(links, list) else ():
            if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
                return self._session.origin.address(link["url"])
        return None

    def pages(
        self,
        path: str,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        most: int = MOST_PAGES,
    ) -> Iterator[Resource]:
        """Page after page, by the server's `next` links; a circle, or more than `most` pages, is refused."""
        yield from self._pages_from(self.search(path, params, headers), headers, most)

    def pages_by_form(self, type_: str, form: Mapping[str, str], *, most: int = MOST_PAGES) -> Iterator[Resource]:
        """The same of a search whose words may not stand in an address, nor in the logs of those it passes: people's
        numbers. The present state: HAPI 8.8.0 would give an answer that is a minute old.
        https://hl7.org/fhir/R4/http.html#search"""
        answer = self._session.send(
            "POST",
            f"{type_}/_search",
            headers={"Accept": _FHIR_JSON, "Content-Type": _FORM, "Cache-Control": "no-cache"},
            body=urlencode(form).encode(),
            repeatable=True,
        )
        yield from self._pages_from(self._bundle(self._reply(answer).resource), None, most)

    def _pages_from(self, bundle: Resource, headers: Mapping[str, str] | None, most: int) -> Iterator[Resource]:
        seen: set[str] = set()
        yield bundle
        while (address := self.next_link(bundle)) is not None:
            if address in seen or len(seen) + 1 >= most:
                raise TooLarge(f"The pages from {self.base_url} go in a circle, or number more than {most}.")
            seen.add(address)
            bundle = self.search(address, headers=headers)
            yield bundle

    def _write(
        self,
        method: str,
        path: str,
        resource: Mapping[str, object],
        *,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> Reply:
        answer = self._session.send(
            method,
            path,
            headers={"Accept": _FHIR_JSON, "Content-Type": _FHIR_JSON, **(headers or {})},
            body=orjson.dumps(resource),
            repeatable=repeatable,
        )
        return self._reply(answer)

    def _reply(self, answer: Answer) -> Reply:
        if not 200 <= answer.status_code < 300:
            raise failure_of(answer, _json_or_none(answer.body), self._session.auth.secrets())
        return Reply(
            status_code=answer.status_code,
            version=version_of(answer.headers.get("etag")),
            served_at=answer.served_at,
            resource=_resource(answer),
        )


def version_of(etag: object) -> str | None:
    """The bare version of `W/"3"`, `"3"` or `3`: HAPI's headers have the first, its transaction answers the last."""
    if not isinstance(etag, str):
        return None
    return etag.strip().removeprefix("W/").strip('"') or None


def etag_of(version: str) -> str:
    """What `If-Match`, and `ifMatch` in a Bundle's entry, want."""
    return f'W/"{version}"'


def _if_match(version: str | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": etag_of(version)}


def _resource(answer: Answer) -> Resource:
    """The body as a resource; an empty body (a 204, or `Prefer: return=minimal`) is an empty dict."""
    if not answer.body.strip():
        return {}
    parsed = _json_or_none(answer.body)
    if parsed is None:
        found = "a web page" if _is_markup(answer) else "broken or too deeply nested JSON"
        raise NotFhir(f"{answer.asked}: answered with {found}; is this the FHIR base?")
    if not isinstance(parsed, dict) or not isinstance(parsed.get("resourceType"), str):
        raise NotFhir(f"{answer.asked}: answered with JSON that is no FHIR resource.")
    return parsed


def _is_markup(answer: Answer) -> bool:
    return "html" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] == b"<"


def _json_or_none(body: bytes) -> object:
    """orjson refuses NaN, broken UTF-8 and more than 1,024 levels. Its error holds the whole document, so it goes no
    further than here."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None

"""An OpenEMR over HTTP: plugin/outbound with its own ways of answering. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from fhir_adapters.servers.openemr.answers import Resource, bundle, document, resource
from fhir_adapters.servers.openemr.requests import Question, is_id
from plugin.domain.errors import NotFhir, NotFound, TooLarge
from plugin.outbound import Answer, Auth, Circuit, GuardedSession, Retries, Terms, Timing

LARGEST_ANSWER = 6 * 1024 * 1024
"""More is refused. Over some 8 MB OpenEMR 8.2 spoils its own answers (recording 385); what is asked for aims at far less."""

_JSON = {"Accept": "application/json"}
_FORM = {**_JSON, "Content-Type": "application/x-www-form-urlencoded"}

Spent = Callable[[int, int, float], None]
"""Requests, bytes, seconds: `Memory.spent`."""


@dataclass(frozen=True, slots=True)
class Found:
    """The resources of a search, and what they have cost. `served_at` is the server's own clock, in UTC."""

    resources: list[Resource] = field(repr=False)
    bytes: int
    seconds: float
    served_at: datetime | None


def terms(ca_bundle: str | None = None) -> Terms:
    """One try more, not three: each asks a small server for the same answer, and makes it log that once more."""
    return Terms(
        deadline=timedelta(seconds=90),
        read=timedelta(seconds=75),
        largest_body=LARGEST_ANSWER,
        retries=Retries(attempts=2),
        connections=2,
        ca_bundle=ca_bundle,
    )


class OpenEmrHttp:
    """One source. `base_url` is that of its FHIR API; `spent` is told what each answer has cost."""

    def __init__(
        self,
        base_url: str,
        auth: Auth | None = None,
        *,
        spent: Spent | None = None,
        terms: Terms | None = None,
        link_aliases: Iterable[str] = (),
        circuit: Circuit | None = None,
        timing: Timing | None = None,
    ) -> None:
        self._session = GuardedSession(
            base_url,
            auth,
            terms=terms or _DEFAULT_TERMS,
            link_aliases=link_aliases,
            circuit=circuit,
            timing=timing,
        )
        self._spent = spent
        self._now = (timing or Timing()).clock

    @property
    def base_url(self) -> str:
        return self._session.origin.base_url

    def search(self, question: Question) -> Found:
        """By form, so that neither patients nor long lists stand in addresses and their logs. Reading twice changes
        nothing, so it may be sent again."""
        body = urlencode(question.params).encode()
        path = f"{question.type}/_search"
        answer, seconds = self._sent("POST", path, _FORM, body)
        found = bundle(answer, question.type, self._session.auth.secrets())
        return Found(found, len(answer.body), seconds, answer.served_at)

    def read(self, type_: str, id_: str) -> Resource | None:
        """None where there is nothing under this id."""
        if not is_id(id_):
            return None
        answer, _ = self._sent("GET", f"{type_}/{id_}", _JSON)
        try:
            found = resource(answer, type_, self._session.auth.secrets())
        except NotFound:
            return None
        if found.get("id") != id_:
            raise NotFhir(f"{answer.asked}: answered with another one.")
        return found

    def metadata(self) -> Resource:
        answer, _ = self._sent("GET", "metadata", _JSON)
        found = document(answer, self._session.auth.secrets())
        if not isinstance(found, dict):
            raise NotFhir(f"{answer.asked}: answered with JSON that is no CapabilityStatement.")
        return found

    def lacking(self) -> Sequence[str]:
        """See `Auth`: OpenEMR 8.2 says 200 to a token that it grants less than was asked, or nothing (recording 061)."""
        return self._session.auth.lacking()

    def close(self) -> None:
        self._session.close()

    def _sent(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> tuple[Answer, float]:
        began = self._now()
        try:
            answer = self._session.send(method, path, headers=headers, body=body, repeatable=True)
        except TooLarge:
            self._tell(LARGEST_ANSWER, self._now() - began)
            raise
        seconds = self._now() - began
        self._tell(len(answer.body), seconds)
        return answer, seconds

    def _tell(self, bytes_: int, seconds: float) -> None:
        if self._spent is not None:
            self._spent(1, bytes_, seconds)


_DEFAULT_TERMS = terms()

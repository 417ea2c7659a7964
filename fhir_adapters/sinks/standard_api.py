"""OpenEMR's Standard API, as far as messages to staff need it. What it answers is judged by its body: it says 200 to
much that it has not done (OpenEMR 8.2; recordings 072 to 075, 226 to 239, 257, 420, 436, 447)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from plugin.domain.errors import (
    BadSettings,
    CircuitOpen,
    NotFound,
    Refused,
    ServerBusy,
    TemporaryFailure,
    Unauthorized,
)
from plugin.domain.staff_message import ChartNumber
from plugin.domain.writes import is_reference
from plugin.outbound import Answer, Auth, GuardedSession, Terms

_FHIR, _API = "/fhir", "/api"
_JSON = "application/json"
_SESSION_OVER = "Refresh Token revoked or logged out"
"""With 400, whether the session was ended there or the trust taken back; a refreshed token is refused the same way."""


class Unanswered(TemporaryFailure):
    """A message was sent, and it is not known whether it arrived."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a message says. All of it is required, also where one is only added to (recording 233)."""

    to: str
    sender: str
    title: str
    body: str
    is_done: bool = False

    def as_json(self) -> Mapping[str, str]:
        return {
            "body": self.body,
            "to": self.to,
            "from": self.sender,
            "groupname": "Default",
            "title": self.title,
            "message_status": "Done" if self.is_done else "New",
        }


class StandardApi:
    """One site. ``ended`` is told when it says that the staff account's session is over."""

    def __init__(self, base_url: str, auth: Auth, *, ended: Callable[[], None], terms: Terms | None = None) -> None:
        self._session = GuardedSession(base_url, auth, terms=terms)
        self._ended = ended

    @staticmethod
    def base_of(fhir_base: str) -> str:
        """Where it lies, beside the FHIR base: ``…/apis/default/fhir`` and ``…/apis/default/api``."""
        base = fhir_base.rstrip("/")
        if not base.endswith(_FHIR):
            raise BadSettings("The FHIR base of an OpenEMR ends with /fhir: https://host/apis/default/fhir.")
        return base.removesuffix(_FHIR) + _API

    def chart_of(self, patient: str) -> ChartNumber:
        """The chart of a patient (``Patient/…``), asked for now. Raises Refused unless the answer is about this patient and
        names a chart: nothing is made of a number that is only nearly one. Of an id that it does not know it says 400
        (recording 074)."""
        type_, _, id_ = patient.partition("/")
        if type_ != "Patient" or not is_reference(patient):
            raise Refused("A chart was asked for by something that is no patient's reference.")
        answer = self._session.send("GET", f"patient/{id_}", headers={"Accept": _JSON})
        said = self._parsed(answer)
        if answer.status_code == 400 and isinstance(said, dict) and said.get("validationErrors"):
            raise NotFound(f"{answer.asked}: OpenEMR does not know this patient (any more).", status_code=400)
        found = self._said(answer).get("data")
        found = found if isinstance(found, dict) else {}
        number = found.get("pid")
        if found.get("uuid") != id_ or type(number) is not int or number < 1:
            raise Refused(f"{answer.asked}: the answer is not about this patient, or names no chart.")
        return ChartNumber(number)

    def send(self, chart: ChartNumber, letter: Letter) -> int:
        """A new message; its number there. Unanswered when it may have arrived."""
        return self._number_in(self._written("POST", f"patient/{chart.value}/message", letter))

    def add(self, chart: ChartNumber, mid: int, letter: Letter) -> None:
        """Adds to a message, and gives it this recipient, title and status. OpenEMR says so also of a message that is not
        there, or hangs on another chart, and then has done nothing (recordings 235, 236): whoever asks must know."""
        answer = self._written("PUT", f"patient/{chart.value}/message/{mid:d}", letter)
        if self._number_in(answer) != mid:
            raise Refused(f"{answer.asked}: the answer is about another message.")

    def delete(self, chart: ChartNumber, mid: int) -> None:
        """Takes a message out of inbox and chart."""
        answer = self._session.send("DELETE", f"patient/{chart.value}/message/{mid:d}", headers={"Accept": _JSON})
        if self._parsed(answer) is not True:
            raise Refused(f"{answer.asked}: {answer.status_code}, it was not deleted.")

    def close(self) -> None:
        self._session.close()

    def _written(self, method: str, path: str, letter: Letter) -> Answer:
        """Sent once: neither a message nor an addition is the same twice."""
        headers = {"Accept": _JSON, "Content-Type": _JSON}
        body = orjson.dumps(letter.as_json())
        try:
            answer = self._session.send(method, path, headers=headers, body=body, repeatable=False)
        except CircuitOpen:
            raise
        except TemporaryFailure as failure:
            raise Unanswered(str(failure), retry_after=failure.retry_after) from failure
        if answer.is_temporary or (200 <= answer.status_code < 300 and self._parsed(answer) is None):
            raise Unanswered(f"{answer.asked}: {answer.status_code}, and no word of whether it was done.")
        return answer

    def _number_in(self, answer: Answer) -> int:
        """OpenEMR names a new message by a number, and one that was added to by a text of digits (recordings 226, 232)."""
        said = self._said(answer)
        mid = said.get("mid")
        number = int(mid) if isinstance(mid, str) and mid.isascii() and mid.isdigit() else mid
        if type(number) is not int or number < 1:
            wrong = ", ".join(sorted(name for name in said if name in _FIELDS)) or "something else than a message"
            raise Refused(f"{answer.asked}: {answer.status_code}, but it was not taken: {wrong}.")
        return number

    def _said(self, answer: Answer) -> Mapping[str, object]:
        """The object in an answer that says yes. What is wrong with the server or the account is told apart from what is
        wrong with one message: a switched-off API (501), a web page, an error with 200 will be otherwise one day."""
        status, said = answer.status_code, self._parsed(answer)
        if self._is_session_over(answer):
            self._ended()
            raise Unauthorized(f"{answer.asked}: the staff account's session has ended there.", status_code=status)
        if status in (401, 403):
            lacks = "a right in OpenEMR's access control" if status == 403 else "a scope, or its token"
            raise Unauthorized(f"{answer.asked}: {status}, the staff account lacks {lacks}.", status_code=status)
        if status in (400, 422):
            raise Refused(f"{answer.asked}: {status}.", status_code=status)
        if not 200 <= status < 300 or not isinstance(said, dict) or "error" in said:
            how = f"{status}, and no answer of the Standard API; is it switched on?"
            raise ServerBusy(f"{answer.asked}: {how}", retry_after=answer.retry_after, status_code=status)
        return said

    def _is_session_over(self, answer: Answer) -> bool:
        said = self._parsed(answer) if answer.status_code == 400 else None
        return isinstance(said, dict) and said.get("message") == _SESSION_OVER

    @staticmethod
    def _parsed(answer: Answer) -> object:
        """The JSON of an answer, also after PHP's warnings (they come first, as text or HTML, where a server shows them);
        None where there is none."""
        body = answer.body
        for start in (0, *(at for mark in (b"\n{", b"\n[", b">{") if (at := body.rfind(mark) + 1) > 0)):
            try:
                return orjson.loads(body[start:])
            except orjson.JSONDecodeError:
                continue
        return None


_FIELDS = frozenset({"body", "from", "groupname", "message_status", "title", "to"})

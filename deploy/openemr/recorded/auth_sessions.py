"""Sessions in the browser: OpenEMR has one for its pages (cookie ``OpenEMR``) and one for its authorization server
(cookie ``authserverOpenEMR``)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace

from deploy.openemr.recorded.auth_clients import Client

SESSION = "OpenEMR"
"""The cookie of OpenEMR's own pages: SameSite=Strict, and nothing else (recording 329)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What a launch token means: where the session stood when "Launch" was clicked."""

    patient: str | None
    encounter: str | None
    intent: str
    appointment: str | None = None

    def context(self) -> dict[str, object]:
        """As a token answer says it; an intent that OpenEMR does not know is left out (recording 361)."""
        said: dict[str, object] = {}
        if self.patient:
            said |= {"patient": self.patient, "need_patient_banner": False}
        if self.encounter:
            said["encounter"] = self.encounter
        if self.intent in INTENTS:
            said["intent"] = self.intent
        if self.appointment:
            said["fhirContext"] = [{"reference": f"Appointment/{self.appointment}", "type": "Appointment"}]
        return said


INTENTS = (
    "patient.demographics.dialog",
    "appointment.edit.dialog",
    "encounter.forms.dialog",
    "main.tab",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an app asked for at ``/authorize``, while its user logs in and consents. ``user`` is who did."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str = field(repr=False)
    challenge: str | None = field(repr=False)
    nonce: str | None = field(default=None, repr=False)
    launch: Launch | None = None
    user: str | None = None
    patient: str | None = None

    @property
    def needs_patient(self) -> bool:
        """``launch/patient`` wins over ``launch``: the picker is shown, and what the launch said is lost (OpenEMR 8.2,
        recordings 345 to 349)."""
        return "launch/patient" in self.scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Somebody at OpenEMR's pages. ``pid`` is whose chart they opened last, in whatever window: a launch takes it from
    here, and not from the page whose button was clicked."""

    user: str
    csrf: str = field(repr=False)
    pid: int | None = None
    encounter: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A question and the word that its forms must bring back."""

    question: Question
    csrf: str = field(repr=False)


class Sessions:
    """In memory. Launch tokens have no end, and can be used again (OpenEMR 8.2)."""

    def __init__(self) -> None:
        self._logins: dict[str, Login] = {}
        self._asking: dict[str, Asking] = {}
        self._launches: dict[str, Launch] = {}

    def log_in(self, user: str) -> str:
        """A cookie for OpenEMR's pages."""
        word = secrets.token_urlsafe(24)
        self._logins[word] = Login(user=user, csrf=secrets.token_hex(32))
        return word

    def login(self, word: str | None) -> Login | None:
        """None: nobody is logged in, or not any more."""
        return self._logins.get(word or "")

    def open_chart(self, word: str, pid: int | None, encounter: int | None = None) -> None:
        """The session's patient is another from now on."""
        self._logins[word] = replace(self._logins[word], pid=pid, encounter=encounter)

    def log_out(self, word: str | None) -> None:
        """One browser's session."""
        self._logins.pop(word or "", None)

    def end_all(self) -> None:
        """Every session of OpenEMR's pages is over, as after its two hours. Tokens of apps go on."""
        self._logins.clear()

    def ask(self, question: Question) -> str:
        """A cookie for the authorization server."""
        word = secrets.token_urlsafe(24)
        self._asking[word] = Asking(question=question, csrf=secrets.token_hex(32))
        return word

    def asking(self, word: str | None) -> Asking | None:
        """None: no app asks in this browser."""
        return self._asking.get(word or "")

    def go_on(self, word: str, *, user: str | None = None, patient: str | None = None) -> Asking:
        """The user logged in, or chose a patient."""
        one = self._asking[word]
        question = replace(one.question, user=user or one.question.user, patient=patient or one.question.patient)
        self._asking[word] = replace(one, question=question)
        return self._asking[word]

    def answered(self, word: str) -> None:
        """The app has its answer."""
        self._asking.pop(word, None)

    def launch(self, launch: Launch) -> str:
        """A launch token. In OpenEMR it is encrypted JSON; here nothing of it can be read either."""
        word = secrets.token_urlsafe(48)
        self._launches[word] = launch
        return word

    def launched(self, word: str) -> Launch | None:
        """None: it is not ours, or was changed on its way."""
        return self._launches.get(word)

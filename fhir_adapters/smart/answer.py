"""What a token endpoint answers, read with suspicion. Nothing of its text goes into a message."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fhir_adapters.auth import is_token
from fhir_adapters.smart.calls import FormAnswer, Said
from plugin.domain.errors import LaunchRefused
from plugin.domain.launch import Refusal, Tokens

UNSTATED = timedelta(seconds=300)
"""How long a token counts as good whose answer does not say."""
_LONGEST = timedelta(days=1)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_WORD = re.compile(r"[A-Za-z0-9\-._ ]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """``scopes`` is None where the answer names none; ``patient`` is None where it names none at all."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    lives: timedelta = UNSTATED
    scopes: tuple[str, ...] | None = None
    patient: str | None = None
    encounter: str | None = None
    intent: str | None = None
    id_token: str | None = field(default=None, repr=False)

    def tokens(self, now: datetime, before: Tokens | None = None) -> Tokens:
        """What the answer leaves out stays as it was."""
        kept = before.scopes if before else ()
        return Tokens(
            access=self.access,
            refresh=self.refresh or (before.refresh if before else None),
            expires_at=now + self.lives,
            scopes=kept if self.scopes is None else self.scopes,
        )


def token_answer(answer: FormAnswer) -> TokenAnswer:
    """Of a good answer. Raises LaunchRefused: no bearer token, or a patient that is no FHIR id."""
    said = answer.said
    access, type_ = said.get("access_token"), said.get("token_type")
    if not isinstance(access, str) or not is_token(access):
        raise _no_answer(answer, "without an access token that can be used")
    if not isinstance(type_, str) or type_.lower() != "bearer":
        raise _no_answer(answer, "with a token that is no bearer token")
    return TokenAnswer(
        access=access,
        refresh=_text(said, "refresh_token"),
        lives=_lives(answer),
        scopes=_scopes(answer),
        patient=_patient(answer),
        encounter=_hint(said, "encounter", _ID),
        intent=_hint(said, "intent", _WORD),
        id_token=_text(said, "id_token"),
    )


def _lives(answer: FormAnswer) -> timedelta:
    """Whole seconds; some servers send them as a text."""
    stated = answer.said.get("expires_in")
    if stated is None:
        return UNSTATED
    if isinstance(stated, str) and stated.isascii() and stated.isdigit():
        stated = int(stated[:9])
    if isinstance(stated, bool) or not isinstance(stated, int | float) or not stated > 0:
        raise _no_answer(answer, "with an expires_in that is no number of seconds")
    return min(timedelta(seconds=min(stated, 10**6)), _LONGEST)


def _scopes(answer: FormAnswer) -> tuple[str, ...] | None:
    stated = answer.said.get("scope")
    if stated is None:
        return None
    if not isinstance(stated, str):
        raise _no_answer(answer, "with a scope that is no text")
    return tuple(dict.fromkeys(stated.split()))


def _patient(answer: FormAnswer) -> str | None:
    stated = answer.said.get("patient")
    if stated is None:
        return None
    if not isinstance(stated, str) or not _ID.fullmatch(stated):
        raise LaunchRefused(f"{answer.asked}: answered with a patient that is no FHIR id.", reason=Refusal.NO_PATIENT)
    return f"Patient/{stated}"


def _hint(said: Said, name: str, form: re.Pattern[str]) -> str | None:
    """For display only: what does not look right is left out."""
    value = said.get(name)
    return value if isinstance(value, str) and form.fullmatch(value) else None


def _text(said: Said, name: str) -> str | None:
    value = said.get(name)
    return value if isinstance(value, str) and value else None


def _no_answer(answer: FormAnswer, words: str) -> LaunchRefused:
    return LaunchRefused(f"{answer.asked}: answered {words}.", reason=Refusal.SERVER_ANSWER)

"""The ports of the sinks: patients linked to a companion store, messages to staff, staff accounts. Nothing concrete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from plugin.domain.companion import LinkState, PatientLink
from plugin.domain.launch import Identity, Tokens
from plugin.domain.record import Identifier, Patient
from plugin.domain.source import Source, Standing
from plugin.domain.staff_account import StaffAccount
from plugin.domain.staff_message import StaffMessage


class CompanionLinks(Protocol):
    """Patients of a source, each with how it stands to the companion store."""

    def of(self, source: Source, patients: Sequence[str]) -> Mapping[str, PatientLink]:
        """By the source's reference; those of whom nothing is known are not in the answer."""

    def by_store(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        """Reference in the store -> reference in the source, of those that are linked."""

    def in_state(self, source: Source, state: LinkState) -> Sequence[PatientLink]:
        """All of one state, longest there first."""

    def save(self, source: Source, links: Sequence[PatientLink]) -> Sequence[PatientLink]:
        """Stores them, one for each patient; those that could not be, because another patient of this source has the same
        record of the store: that one is never given twice."""

    def forget(self, source: Source) -> None:
        """All of this source: they are of one store, and another has other patients under the same references."""


class StaffMessages(Protocol):
    """Messages in the EHR's inboxes, as far as we know of them."""

    def of(self, source: Source, refs: Sequence[str]) -> Mapping[str, StaffMessage]:
        """By the reference of what each stands for."""

    def of_step(self, source: Source, step: str) -> Sequence[StaffMessage]:
        """All about one step, by reference."""

    def all(self, source: Source) -> Sequence[StaffMessage]:
        """All of a source, by reference."""

    def save(self, source: Source, message: StaffMessage) -> None:
        """Stores it over the one of the same reference."""

    def forget(self, source: Source, ref: str) -> None:
        """It was deleted there."""


class StaffAccounts(Protocol):
    """One account for each source, its tokens encrypted."""

    def get(self, source: Source) -> StaffAccount | None:
        """As it stands, also one that has ended."""

    def keep(self, account: StaffAccount) -> None:
        """A new sign-in, over the one before."""

    def take_turn(self, account: StaffAccount, worker: str, until: datetime, now: datetime) -> bool:
        """Compare and set: this worker alone gets new tokens for these, until then. False where another has its turn,
        or the tokens are no longer those."""

    def renewed(self, account: StaffAccount, worker: str) -> bool:
        """The new tokens, and the turn is over. False when it was another's by then: whoever was slower must not store
        what the faster one has used up."""

    def give_up_turn(self, account: StaffAccount, worker: str) -> None:
        """Without new tokens."""

    def end(self, account: StaffAccount, why: str, now: datetime) -> bool:
        """Signed out; its tokens are forgotten. False when it had ended already, or others are kept by now."""


class StaffSignedIn(Protocol):
    """Who signed in there, and with what."""

    @property
    def tokens(self) -> Tokens: ...

    @property
    def identity(self) -> Identity: ...


class StaffSignIn(Protocol):
    """What is asked of a source's authorization server for its staff account. Raises CannotDo, Unauthorized and BadSettings,
    in words; TemporaryFailure."""

    def authorize_url(self, *, state: str, verifier: str, nonce: str) -> str:
        """Where an administrator's browser is sent."""

    def exchange(self, *, code: str, verifier: str, nonce: str) -> StaffSignedIn:
        """What the code is good for. Unauthorized also where consent was refused there: only this call says so (OpenEMR
        8.2)."""


class Companion(Protocol):
    """What a companion store is asked beside the writing. Raises TemporaryFailure or PermanentFailure."""

    def patients_with(self, identifiers: Sequence[Identifier]) -> Sequence[Patient]:
        """All patients there who have one of these identifiers, system and value."""

    def patients(self, refs: Sequence[str]) -> Sequence[Patient]:
        """Patients by reference; those that are gone are not in the answer."""

    def disown(self, patient: str, source: Source) -> Sequence[Standing]:
        """All that Milepost wrote for this source about a patient of the store says that it was entered in error; how all of
        it stands then. Said again, it changes nothing, and answers the same."""

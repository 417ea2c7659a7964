"""The fake repositories of the sinks: links to a companion store, messages to staff, staff accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from plugin.domain.companion import LinkState, PatientLink
from plugin.domain.errors import TemporaryFailure
from plugin.domain.launch import Tokens
from plugin.domain.record import Identifier, Patient
from plugin.domain.source import Source, Standing
from plugin.domain.staff_account import StaffAccount
from plugin.domain.staff_message import StaffMessage
from tests.fake_tables import Part


@dataclass
class FakeCompanion:
    """The port ``Companion``: a store's patients by reference, what was asked for, and whom it was told to disown."""

    people: dict[str, Patient] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    disowned: list[str] = field(default_factory=list)
    standing: list[Standing] = field(default_factory=list)
    down: bool = False

    def put(self, *people: Patient) -> None:
        """Patients of the store."""
        self.people.update((one.ref, one) for one in people)

    def patients_with(self, identifiers: Sequence[Identifier]) -> Sequence[Patient]:
        self.asked.append(tuple(identifier.value for identifier in identifiers))
        return [one for one in self.people.values() if not set(identifiers).isdisjoint(one.identifiers)]

    def patients(self, refs: Sequence[str]) -> Sequence[Patient]:
        self.asked.append(tuple(refs))
        return [self.people[ref] for ref in refs if ref in self.people]

    def disown(self, patient: str, source: Source) -> Sequence[Standing]:
        if self.down:
            raise TemporaryFailure("The store does not answer.")
        self.disowned.append(patient)
        return self.standing


class FakeCompanionLinks(Part):
    """The port ``CompanionLinks``."""

    def of(self, source: Source, patients: Sequence[str]) -> Mapping[str, PatientLink]:
        found = (self._tables.companion_links.get((source.id, patient)) for patient in patients)
        return {link.patient: link for link in found if link}

    def by_store(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        linked = self.in_state(source, LinkState.LINKED)
        return {link.store_ref: link.patient for link in linked if link.store_ref and link.store_ref in refs}

    def in_state(self, source: Source, state: LinkState) -> Sequence[PatientLink]:
        every = (link for (source_id, _), link in self._tables.companion_links.items() if source_id == source.id)
        return sorted((link for link in every if link.state is state), key=lambda link: (link.at, link.patient))

    def save(self, source: Source, links: Sequence[PatientLink]) -> Sequence[PatientLink]:
        taken = []
        for link in links:
            have = (one for (id_, _), one in self._tables.companion_links.items() if id_ == source.id and one.store_ref)
            whose = next((one.patient for one in have if one.store_ref == link.store_ref), link.patient)
            if whose == link.patient:
                self._tables.companion_links[source.id, link.patient] = replace(link, why=str(link.why))
            else:
                taken.append(link)
        return taken

    def forget(self, source: Source) -> None:
        for key in [key for key in self._tables.companion_links if key[0] == source.id]:
            del self._tables.companion_links[key]


class FakeStaffMessages(Part):
    """The port ``StaffMessages``."""

    def of(self, source: Source, refs: Sequence[str]) -> Mapping[str, StaffMessage]:
        return {message.ref: message for message in self.all(source) if message.ref in refs}

    def of_step(self, source: Source, step: str) -> Sequence[StaffMessage]:
        return [message for message in self.all(source) if message.step == step]

    def all(self, source: Source) -> Sequence[StaffMessage]:
        mine = [message for (id_, _), message in self._tables.staff_messages.items() if id_ == source.id]
        return sorted(mine, key=lambda message: message.ref)

    def save(self, source: Source, message: StaffMessage) -> None:
        self._tables.staff_messages[source.id, message.ref] = message

    def forget(self, source: Source, ref: str) -> None:
        self._tables.staff_messages.pop((source.id, ref), None)


class FakeStaffAccounts(Part):
    """The port ``StaffAccounts``."""

    def get(self, source: Source) -> StaffAccount | None:
        return self._tables.staff_accounts.get(source.id)

    def keep(self, account: StaffAccount) -> None:
        self._tables.staff_accounts[account.source_id] = account

    def take_turn(self, account: StaffAccount, worker: str, until: datetime, now: datetime) -> bool:
        kept = self._still(account)
        if kept is None or (kept.renewing is not None and kept.until is not None and kept.until > now):
            return False
        self.keep(replace(kept, renewing=worker, until=until))
        return True

    def renewed(self, account: StaffAccount, worker: str) -> bool:
        kept = self._tables.staff_accounts.get(account.source_id)
        if kept is None or kept.ended or kept.renewing != worker:
            return False
        self.keep(replace(kept, tokens=account.tokens, got_at=account.got_at, renewing=None, until=None))
        return True

    def give_up_turn(self, account: StaffAccount, worker: str) -> None:
        kept = self._tables.staff_accounts.get(account.source_id)
        if kept is not None and kept.renewing == worker:
            self.keep(replace(kept, renewing=None, until=None))

    def end(self, account: StaffAccount, why: str, now: datetime) -> bool:
        kept = self._still(account)
        if kept is None:
            return False
        tokens = Tokens(access="", expires_at=kept.tokens.expires_at, scopes=kept.tokens.scopes)
        self.keep(replace(kept, tokens=tokens, ended=now, why=str(why), renewing=None, until=None))
        return True

    def _still(self, account: StaffAccount) -> StaffAccount | None:
        kept = self._tables.staff_accounts.get(account.source_id)
        return kept if kept is not None and kept.ended is None and kept.got_at == account.got_at else None

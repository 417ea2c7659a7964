"""The ports of the admin pages: accounts and sessions, drafts, previews, queues, the audit log. Nothing concrete."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from plugin.domain.account import Account, OpenSession
from plugin.domain.audit import AuditFilter, AuditRow
from plugin.domain.configuration import Aside, ConfigDraft, ConfigVersion, DraftOf, Publication
from plugin.domain.job import JobRun
from plugin.domain.known_code import CodeSeen, Place
from plugin.domain.ledger import LedgerRow
from plugin.domain.past import Past
from plugin.domain.person import Person
from plugin.domain.preview import Caseload, PatientChange, Preview, PreviewPart, PreviewSums
from plugin.domain.record import Coding
from plugin.domain.seal import Head, HeadLine, Link, SealedRow, StoredRow, Unsealed
from plugin.domain.source import Source
from plugin.domain.tracking import Tracked
from plugin.domain.work import WorkItem


# ------------------------------------------------------------------------------------------- sign-in (SITE)
class Accounts(Protocol):
    """Local accounts, by name and by person."""

    def add(
        self, account: Account, person_name: str, now: datetime, by: str, *, told: Mapping[str, object] | None = None
    ) -> Person:
        """A person with ``oidc_issuer`` LOCAL and this account, with an audit row. BadInput when the name is taken."""

    def by_name(self, name: str, *, lock: bool = False) -> Account | None:
        """In lower case. With ``lock`` nobody else changes it until the transaction ends: a code is good once, and of
        many who guess at once only the first few are listened to."""

    def of_person(self, person_id: int, *, lock: bool = False) -> Account | None:
        """Theirs, if they have one."""

    def all(self) -> Mapping[int, Account]:
        """By person."""

    def update(self, account: Account) -> None:
        """Stores changed fields."""

    def keep_recovery(self, person_id: int, hashes: Sequence[str]) -> None:
        """These recovery codes from now on, and no others."""

    def take_recovery(self, person_id: int, hash_: str) -> bool:
        """Whether there was one like this: it is gone now."""

    def recovery_left(self, person_id: int) -> int:
        """How many there are."""


class SignIns(Protocol):
    """Sessions of the admin pages in Redis: keys hashed, what is kept sealed."""

    def open(self, token: str, session: OpenSession) -> None:
        """A new one under its opaque token."""

    def session(self, token: str, now: datetime, *, is_active: bool = True) -> OpenSession | None:
        """None when it has ended, was idle too long, or never was. A page that asks by itself is not active."""

    def renew(self, token: str, new_token: str, session: OpenSession) -> None:
        """As it is now, under a new token (or the same); the old one opens nothing any more."""

    def end(self, token: str) -> None:
        """Signs out."""

    def count(self, what: str, by: str, within: timedelta) -> int:
        """How often ``by`` (hashed) did ``what`` in this span, this time included."""


class Passwords(Protocol):
    """Argon2id."""

    def hash(self, password: str) -> str:
        """With a salt of its own."""

    def is_right(self, password: str, hash_: str | None) -> bool:
        """Takes as long for no hash at all."""


class OneTimeCodes(Protocol):
    """TOTP (RFC 6238): 30 seconds, six digits, SHA-1, one step of tolerance."""

    def secret(self) -> str:
        """A new one, base32."""

    def uri(self, secret: str, account: str) -> str:
        """``otpauth://``, for the authenticator app."""

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        """The time step that this code is right for, or None."""


# ------------------------------------------------------------------------------------- versions and drafts (VERSIONS)
class Drafts(Protocol):
    """Drafts of programs, ladders, calendar and limits, with every revision; and what of them waits for a second person.
    ``told`` is what audit rows say of the session."""

    def open(
        self,
        kind: str,
        code: str,
        *,
        base: ConfigVersion | None,
        body: Mapping[str, object],
        by: str,
        now: datetime,
        person_id: int | None = None,
        of: DraftOf = "change",
    ) -> ConfigDraft:
        """The draft of this kind and code that is worked at; made from ``body`` where there is none (revision 1). Beside it
        a roll back, a retirement or a move can be made, each time a new one."""

    def get(self, id_: int) -> ConfigDraft:
        """UnknownName when there is none (any more)."""

    def of(self, kind: str, code: str) -> ConfigDraft | None:
        """The one that is being worked at; no roll back, retirement or move."""

    def all(self) -> Sequence[ConfigDraft]:
        """Every draft that is worked at, newest change first."""

    def begun(self) -> Sequence[ConfigDraft]:
        """Roll backs, retirements and moves that were begun and are neither published nor given up, newest first."""

    def revision(self, id_: int, revision: int) -> tuple[Mapping[str, object], str, datetime]:
        """What was saved then: body, by, at; of discarded and published drafts too. UnknownName."""

    def save(
        self,
        id_: int,
        body: Mapping[str, object],
        *,
        seen: int,
        by: str,
        now: datetime,
        person_id: int | None = None,
    ) -> ConfigDraft:
        """The next revision; the same body again is none. StaleDraft when ``seen`` is not the newest: nothing is saved, the
        caller keeps it aside. UnknownName when the draft is gone, BadInput when nobody edits its sort."""

    def keep_aside(self, id_: int, body: Mapping[str, object], *, seen: int, by: str, now: datetime) -> None:
        """What was refused as stale."""

    def aside(self, id_: int) -> Sequence[Aside]:
        """What was refused as stale and nobody has dealt with, newest first."""

    def settle_aside(self, id_: int, aside_id: int, *, by: str, now: datetime) -> None:
        """Somebody has dealt with it: it stays on record, and is shown no more. UnknownName when there is none (any more)."""

    def end(self, id_: int, *, revision: int | None, became: Literal["published", "discarded"], now: datetime) -> None:
        """Gone from the lists; its revisions stay on record. Stale when it is another revision by then, or has ended; with
        None, whatever revision it is."""

    def ask(self, publication: Publication) -> Publication:
        """Waits for a second person, in the place of what waited of the same draft; with its id."""

    def publication(self, id_: int) -> Publication:
        """UnknownName."""

    def waiting(self) -> Sequence[Publication]:
        """What waits, oldest first."""

    def asked(self, draft_id: int) -> Sequence[Publication]:
        """What was ever asked of a draft, newest first."""

    def decide(
        self, id_: int, state: Literal["approved", "refused"], *, by: str, why: str, now: datetime
    ) -> Publication:
        """Once: Stale when somebody else has decided, or it was replaced."""


# ------------------------------------------------------------------------------------------------ codes to pick from
class Codes(Protocol):
    """The codes that stand in the practice's charts."""

    def in_charts(self, after: Place | None, limit: int) -> Sequence[tuple[Place, Sequence[Coding]]]:
        """The codes of so many stored facts of patients, in the order of their places; all of one patient's together."""

    def keep(self, seen: Sequence[CodeSeen], now: datetime) -> None:
        """What was counted takes the place of what was counted before."""

    def find(self, words: Sequence[str], limit: int) -> Sequence[CodeSeen]:
        """Those that hold every one of these (lower-case) words in code or name: those of the most patients, and in any
        case the code that is just the one word."""

    def among(self, codes: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], CodeSeen]:
        """Of these (system, code), those that were ever seen."""

    def counted_at(self) -> datetime | None:
        """When they were counted last."""


# -------------------------------------------------------------------------------------------------- previews (PREVIEW)
class Previews(Protocol):
    """Previews, their progress and their results; and the caseload that they are worked out on."""

    def ask(self, preview: Preview) -> Preview:
        """A new one, waiting; with its id. Of the draft's earlier ones all but the newest few lose their patients, and
        keep their sums."""

    def get(self, id_: int, *, lock: bool = False) -> Preview:
        """UnknownName. With ``lock`` nobody else begins or ends it until the transaction ends."""

    def latest(self, draft_id: int) -> Preview | None:
        """Of a draft."""

    def begin(self, preview: Preview, worker: str, at: datetime, now: datetime) -> Preview:
        """From the start, by this worker: what an earlier attempt found is gone, and nobody who works on that one is
        heard any more."""

    def divide(self, preview: Preview, parts: Sequence[PreviewPart], total: int, *, snapshot: str | None) -> Preview:
        """It is worked out in these parts; whoever has the snapshot's name sees what the first one sees."""

    def take(self, preview: Preview, worker: str, *, also_taken: bool) -> PreviewPart | None:
        """A part that nobody has yet; None where there is none, or when another attempt has begun, or it is over. With
        ``also_taken`` one that somebody else has and has not finished: it may be done twice, and counts once."""

    def keep(
        self, preview: Preview, part: PreviewPart, changes: Sequence[PatientChange], sums: PreviewSums, now: datetime
    ) -> bool:
        """What a part has brought, unless it is there already. False when another attempt has begun, or it is over."""

    def kept(self, preview: Preview) -> PreviewSums | None:
        """Of all parts together; None as long as one is missing."""

    def finish(self, preview: Preview, sums: PreviewSums | None, now: datetime, *, failed: str | None = None) -> bool:
        """Done, or failed with words. False when another attempt has begun, or it is over."""

    def cancel(self, id_: int, now: datetime) -> bool:
        """False when it is over already."""

    def changes(self, id_: int, *, after: int = 0, limit: int = 50) -> Sequence[PatientChange]:
        """By patient id, a page at a time."""

    def names(self, patient_ids: Sequence[int]) -> Mapping[int, str]:
        """What these patients are called, as far as their charts say so."""

    # ---------------------------------------------------------------------------------------------------- the caseload
    def share(self) -> str | None:
        """A name under which others see what this reading transaction sees, as long as it is open. SQLite has none."""

    def join(self, snapshot: str) -> bool:
        """As the first thing in a reading transaction: it sees the same. False when that is over."""

    def caseload(self) -> Caseload:
        """Everybody whom a reassessment would look at."""

    def patients(self, part: PreviewPart) -> Sequence[Tracked]:
        """Those of a part, in the order in which they would be looked at."""

    def in_program(self, patient_ids: Sequence[int], program: str) -> frozenset[int]:
        """Those of whose plans the last assessment found one in this program."""

    def with_gap(self, patient_ids: Sequence[int]) -> frozenset[int]:
        """Those with an open gap, by the last assessment."""

    def items(self, patient_ids: Sequence[int]) -> Mapping[int, Sequence[WorkItem]]:
        """Their work items, oldest first, also those that are over."""

    def load(self) -> tuple[Sequence[WorkItem], Sequence[LedgerRow]]:
        """What everybody has before them: the open items, without their steps; work and messages that are planned."""


# ------------------------------------------------------------------------------------------- earlier days ----------
class History(Protocol):
    """Patients as they were known at an earlier moment."""

    def of_patient(self, source: Source, ref: str, moment: datetime) -> Past | None:
        """What had been seen, said, planned and done of one patient by then: facts in the version that stood and not those
        that came later, also of records that were read under the same survivor by what the charts said then. Of the ledger
        and of work items the last change alone is kept: what was otherwise then is told as planned, or as the transitions
        say. None when nothing was known of the patient yet."""


# ---------------------------------------------------------------------------------------------------- audit (AUDIT)
class AuditLog(Protocol):
    """The audit log as it is read, in the order of time."""

    def older(self, of: AuditFilter, *, than: int | None, limit: int) -> Sequence[AuditRow]:
        """Rows before this one, newest first; without one, the newest. UnknownName when there is no such row."""

    def newer(self, of: AuditFilter, *, than: int, limit: int) -> Sequence[AuditRow]:
        """Rows after this one, those nearest to it; newest first, too."""

    def get(self, id_: int) -> AuditRow:
        """UnknownName when there is none."""

    def actions(self) -> Sequence[str]:
        """Every action that occurs, by name."""

    def last_act(self, names: Sequence[str], begins: Sequence[str], *, since: datetime) -> int | None:
        """The number of the newest row from then on of somebody, under any of their names, whose action begins with one of
        these; None without one."""


class Seals(Protocol):
    """The chain of the audit log."""

    @property
    def practice_id(self) -> int:
        """Whose chain it is."""

    def turn(self) -> bool:
        """Until the transaction ends, nobody else seals; False when somebody else does just now."""

    def last(self) -> Link:
        """The end of the chain."""

    def waiting(self, after: int, limit: int) -> Sequence[Unsealed]:
        """Committed rows without a place in the chain, by id."""

    def waiting_count(self) -> int:
        """How many there are."""

    def add(self, links: Sequence[Link]) -> None:
        """Makes the chain longer; these rows wait no more."""

    def sealed(self, after: int, limit: int) -> Sequence[SealedRow]:
        """The chain by number, each link with the row that it was made of."""

    def unsealed(self, after: int, limit: int) -> Sequence[tuple[StoredRow, bool]]:
        """Rows without a place in the chain by id, and whether they wait for one."""


class Heads(Protocol):
    """Heads of the chain, outside the database. Nothing is sealed without its head being there first."""

    @property
    def place(self) -> str:
        """Where, for people."""

    def append(self, head: Head) -> None:
        """Kept for good when it returns; TemporaryFailure when it could not be."""

    def is_there(self) -> bool:
        """Whether anything was ever kept."""

    def lines(self) -> Iterator[HeadLine]:
        """All, in the order in which they came."""


# ------------------------------------------------------------------------------------------------------------- jobs
class JobRuns(Protocol):
    """What ran when."""

    def ran(self, run: JobRun) -> None:
        """The last run of a job."""

    def all(self) -> Sequence[JobRun]:
        """By name."""

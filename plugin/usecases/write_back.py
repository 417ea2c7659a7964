"""Write to one source what the ledger wants to stand there: Tasks, DetectedIssues, Flags, notices to a provider.

Nothing is lost and nothing doubled: every body is remembered before it is sent, every id is derived from what it stands
for, and what a crash left claimed is claimed again, found unchanged, and done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from plugin.domain.assessment import EffectKind
from plugin.domain.errors import MilepostError, PermanentFailure
from plugin.domain.ledger import LedgerRow
from plugin.domain.source import Draft, SetAside, Source, Standing, Written
from plugin.domain.writes import NoticeContent, task_ref
from plugin.usecases.adopt import adopt
from plugin.usecases.edits import is_later
from plugin.usecases.ingest import ingest
from plugin.usecases.link_patients import link_waiting
from plugin.usecases.ports import Ehr
from plugin.usecases.services import Services

MOST_CONFLICTS = 3
MOST_SILENT_TRIES = 5
"""After so many failures of one resource it is set aside for a person to see, and still tried again."""
_CONFLICT = "conflict: "
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=6)


@dataclass(kw_only=True)
class WriteBack:
    """What became of the rows: those carried out, each with the digest of its content (``not_needed`` among them: this
    source has no use for what they want, and nothing was sent); failures, in words, and whether
    trying again may help; conflicts, with the reference that somebody else has changed."""

    written: int = 0
    unchanged: int = 0
    not_needed: int = 0
    done: dict[int, str] = field(default_factory=dict)
    failed: list[tuple[LedgerRow, str, bool]] = field(default_factory=list)
    conflicts: list[tuple[LedgerRow, str]] = field(default_factory=list)
    answers: list[Written] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)


def pause_after(attempts: int) -> timedelta:
    """Growing: a minute, two, four …, at most six hours."""
    doublings: int = min(max(attempts - 1, 0), 16)
    return min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)


class WritingBack:
    """Claimed writes and notices of one source on their way, step by step: a caller may prepare the next ones while these
    are sent. Whoever does so is to the others like one more worker."""

    def __init__(self, services: Services, source: Source, rows: Sequence[LedgerRow]) -> None:
        self._services, self._source, self._rows = services, source, rows
        self._ehr = services.ehr(source)
        self._changed: Mapping[str, tuple[LedgerRow, Draft]] = {}
        self._outgoing: Sequence[Draft] = ()
        self._result = WriteBack()

    def prepare(self) -> None:
        """What differs from what stands there is drafted and remembered, and that is committed before it is sent."""
        with self._until_it_fails():
            adopt(self._services, self._source)
            link_waiting(self._services, self._source, map(_patient_of, self._rows))
            drafted = _draft(self._ehr, self._rows, self._result)
            changed = _changed(self._services, self._source, self._ehr, drafted=drafted, result=self._result)
            self._changed = _in_turn(self._services, self._source, changed, self._result)
            self._outgoing = _remembered(self._services, self._source, self._ehr, self._changed)

    def send(self) -> None:
        """Needs nothing but the server: it may be done in another thread."""
        with self._until_it_fails():
            for answer in self._ehr.write(self._outgoing) if self._outgoing else ():
                if answer.ref in self._changed:
                    _sort_out(self._changed[answer.ref][0], answer, self._result)

    def record(self) -> WriteBack:
        """What became of each."""
        _record(self._services, self._source, self._result)
        if self._result.conflicts:
            _read_again(self._services, self._source, self._ehr, [ref for _, ref in self._result.conflicts])
        return self._result

    @contextmanager
    def _until_it_fails(self) -> Iterator[None]:
        """The source as a whole did not answer, or did not let us in: later it may."""
        try:
            yield
        except MilepostError as error:
            _all_failed(self._rows, self._result, error)
            self._outgoing = ()


def _draft(ehr: Ehr, rows: Sequence[LedgerRow], result: WriteBack) -> dict[str, tuple[LedgerRow, Draft]]:
    drafted: dict[str, tuple[LedgerRow, Draft]] = {}
    for row in rows:
        try:
            draft = ehr.draft(row)
        except PermanentFailure as error:
            result.failed.append((row, str(error), False))
            continue
        if draft is None:
            result.not_needed += 1
            result.done[row.id] = row.digest
            continue
        earlier = drafted.get(draft.ref)
        if earlier is not None:  # two rows want one resource: the later one counts
            result.done[earlier[0].id] = earlier[0].digest
        drafted[draft.ref] = (row, draft)
    return drafted


def _changed(
    services: Services,
    source: Source,
    ehr: Ehr,
    *,
    drafted: Mapping[str, tuple[LedgerRow, Draft]],
    result: WriteBack,
) -> dict[str, tuple[LedgerRow, Draft]]:
    """Those whose body differs from the one that stands there, guarded by its version; the others are done. A body that
    stands there in no version that we know of is somebody's: a conflict."""
    refs = list(drafted)
    with services.database.begin(reading=True) as uow:
        standing = uow.sent.last_digests(source, refs)
        versions = uow.sent.versions(source, refs)
        unsettled = uow.sent.unsettled(source, refs)
    found = _looked_up(services, source, ehr, unsettled=unsettled, drafted=drafted)
    digests = {**{ref: digest for ref, digest in standing.items() if ref not in unsettled}, **found}
    changed = {}
    for ref, (row, draft) in drafted.items():
        if digests.get(ref) == draft.digest:
            result.unchanged += 1
            result.done[row.id] = row.digest
        elif ref in found and ref not in versions:
            result.conflicts.append((row, ref))
        else:
            changed[ref] = (row, replace(draft, if_match=versions.get(ref) or None))
    return changed


def _in_turn(
    services: Services, source: Source, changed: dict[str, tuple[LedgerRow, Draft]], result: WriteBack
) -> dict[str, tuple[LedgerRow, Draft]]:
    """Without the notices that refer to a Task of ours which does not stand there yet (another worker has it in hand, or it
    waits): the server would refuse them for good. They are tried again later."""
    notices = {ref: pair for ref, pair in changed.items() if pair[0].kind is EffectKind.NOTICE}
    about = {ref: _task_of_notice(row) for ref, (row, draft) in notices.items() if "about" in draft.body}
    needed = sorted({task for task in about.values() if task})
    if not needed:
        return changed
    with services.database.begin(reading=True) as uow:
        standing = uow.sent.versions(source, needed)
    early = {ref for ref, task in about.items() if task and task not in standing and task not in changed}
    result.failed += [(changed[ref][0], f"{about[ref]} does not stand there yet", True) for ref in sorted(early)]
    return {ref: pair for ref, pair in changed.items() if ref not in early}


def _patient_of(row: LedgerRow) -> str:
    return str((row.content or {}).get("patient", ""))


def _task_of_notice(row: LedgerRow) -> str | None:
    """Our Task that a notice is about; None where it is somebody else's."""
    task = NoticeContent.from_json(row.content or {"key": "", "patient": "", "task": "", "tier": 0}).task
    return task if row.milestone is not None and task == task_ref(row.milestone) else None


def _looked_up(
    services: Services,
    source: Source,
    ehr: Ehr,
    *,
    unsettled: frozenset[str],
    drafted: Mapping[str, tuple[LedgerRow, Draft]],
) -> Mapping[str, str]:
    """Digests of what stands where no answer told us. What was written, and never answered, is not written a second
    time, nor is its Provenance."""
    if not unsettled:
        return {}
    found = ehr.standing(sorted(unsettled))
    now = services.clock()
    with services.database.begin() as uow:
        for there in found:
            if there.digest == drafted[there.ref][1].digest:
                uow.sent.adopt(source, there, now)
        uow.commit()
    return {there.ref: there.digest for there in found}


def _remembered(
    services: Services, source: Source, ehr: Ehr, changed: Mapping[str, tuple[LedgerRow, Draft]]
) -> Sequence[Draft]:
    """What is to be sent: the drafts, of which we know from now on that they may stand there, with their Provenance."""
    drafts = [draft for _, draft in changed.values()]
    if not drafts:
        return ()
    now = services.clock()
    with services.database.begin() as uow:
        uow.sent.remember(source, drafts, now)
        uow.commit()
    return ehr.accompanied(drafts, now)


def _sort_out(row: LedgerRow, answer: Written, result: WriteBack) -> None:
    if answer.error is None:
        result.written += 1
        result.done[row.id] = row.digest
        result.answers.append(answer)
    elif answer.conflict:
        result.conflicts.append((row, answer.ref))
    else:
        result.failed.append((row, answer.error, answer.temporary))
        if not answer.temporary or row.attempts >= MOST_SILENT_TRIES:
            result.set_aside.append(SetAside(answer.ref, "", answer.error))


def _record(services: Services, source: Source, result: WriteBack) -> None:
    now = services.clock()
    with services.database.begin() as uow:
        uow.sent.written(source, result.answers, now)
        uow.sources.clear_aside(source, [answer.ref for answer in result.answers])
        if result.done:
            uow.ledger.done(list(result.done), now, result.done)
        for row, words, is_temporary in result.failed:
            uow.ledger.failed(row.id, now, words, now + pause_after(row.attempts) if is_temporary else None)
        for row, ref in result.conflicts:
            uow.ledger.failed(row.id, now, f"{_CONFLICT}{ref}", _after_conflict(row, now))
        if result.set_aside:
            uow.sources.set_aside(source, result.set_aside, now)
        uow.commit()


def _after_conflict(row: LedgerRow, now: datetime) -> datetime | None:
    """At once, since what stands there is read again first; given up when that was so several times running."""
    is_given_up = row.attempts >= MOST_CONFLICTS and (row.error or "").startswith(_CONFLICT)
    return None if is_given_up else now


def _read_again(services: Services, source: Source, ehr: Ehr, refs: Sequence[str]) -> None:
    """What stands there now: a person's edit of our Task becomes a statement, and the patient is assessed again; of the
    rest the version is enough. What is gone may be made anew."""
    for page in ehr.read([ref for ref in refs if ref.startswith("Task/")]):
        ingest(services, source, replace(page, cursor=None))
    standing = {found.ref: found for found in ehr.standing(refs)}
    now = services.clock()
    with services.database.begin() as uow:
        versions = uow.sent.versions(source, refs)
        for ref in refs:
            found = standing.get(ref, Standing(ref, "", ""))
            if found.version == "" or is_later(found.version, versions.get(ref)):
                uow.sent.adopt(source, found, now)
        uow.commit()


def _all_failed(rows: Sequence[LedgerRow], result: WriteBack, error: MilepostError) -> None:
    settled = {*result.done, *(row.id for row, _, _ in result.failed), *(row.id for row, _ in result.conflicts)}
    result.failed += [(row, str(error), True) for row in rows if row.id not in settled]

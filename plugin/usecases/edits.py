"""Our own Tasks that come back: an echo of what we wrote, or a person's edit that is taken as a statement (DESIGN
§10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.domain.edit import Ours, owned_digest, statements_of_edit
from plugin.domain.record import Fact, Order, Said, Statement
from plugin.domain.source import Source, Standing
from plugin.domain.writes import TaskContent, task_ref
from plugin.usecases.ports import Ehr, UnitOfWork
from plugin.usecases.services import Services

_WAIT = timedelta(seconds=5)  # a reassessment holds a patient for less
_STANDING = frozenset({Said.COMPLETED, Said.NOT_APPLICABLE, Said.HOLD})


@dataclass(frozen=True, slots=True)
class Edit:
    """A version of our Task that we have not seen. ``digests`` are the owned digests of the bodies that may stand there:
    the one that we know of, or, while a write is unanswered, all that we ever sent. (A person who sets a Task back to
    what we once wrote has said something.) ``author`` is whom Provenance names, asked for only where it is no echo."""

    task: Order
    digests: frozenset[str]
    author: str | None = None

    @property
    def is_echo(self) -> bool:
        """In the fields that we own it is a body of ours."""
        return owned_digest(self.task) in self.digests


def edits_in(services: Services, source: Source, ehr: Ehr, facts: Iterable[Fact]) -> Sequence[Edit]:
    """Versions of our Tasks that are not those that we know to stand there. Of a Task of which nothing was ever sent (a
    lost database, before it has adopted) nobody can say whose word it is; it is passed over."""
    tasks = [fact for fact in facts if isinstance(fact, Order) and fact.ours and fact.type == "Task"]
    if not tasks:
        return ()
    refs = [task.ref for task in tasks]
    with services.database.begin(reading=True) as uow:
        settled = uow.sent.settled(source, refs)
        sent = {**uow.sent.owned(source, refs), **{ref: frozenset({owned}) for ref, owned in settled.items()}}
        versions = uow.sent.versions(source, refs)
    unseen = [
        Edit(task, sent[task.ref])
        for task in tasks
        if sent.get(task.ref) and is_later(task.version, versions.get(task.ref))
    ]
    return [edit if edit.is_echo else Edit(edit.task, edit.digests, _author(ehr, edit.task)) for edit in unseen]


def is_later(version: str, known: str | None) -> bool:
    """Whether a version lies behind the one that we know of. Where versions are no numbers: whether it is another."""
    if known is None:
        return True
    if version.isdigit() and known.isdigit():
        return int(version) > int(known)
    return version != known


def take(uow: UnitOfWork, source: Source, edit: Edit, now: datetime) -> int:
    """Takes an edit over: what the person said, and that this version now stands. How many statements were new."""
    said = 0 if edit.is_echo else _statements(uow, source, edit, now)
    task = edit.task
    uow.sent.adopt(source, Standing(task.ref, task.version, digest="", owned=owned_digest(task)), now)
    return said


def _author(ehr: Ehr, task: Order) -> str | None:
    return next(iter(ehr.authors(task.ref, task.version)), None)


def _statements(uow: UnitOfWork, source: Source, edit: Edit, now: datetime) -> int:
    subject = edit.task.subject
    if subject is None or not uow.patients.tracked(source, [subject]):
        return 0
    row = uow.patients.lock(source, subject, _WAIT)
    content = _content(uow, row.id, edit.task.ref)
    if content is None:
        return 0
    before = Ours(
        digests=edit.digests,
        content=content,
        standing=standing_statement(uow.statements.of_patient(source, row.ref), content.key),
    )
    at = edit.task.seen or now
    said = statements_of_edit(edit.task, before, author=edit.author, at=at)
    return sum(uow.statements.add(source, row.ref, statement, now) for statement in said)


def _content(uow: UnitOfWork, patient_id: int, ref: str) -> TaskContent | None:
    """What our Task was last wanted to say."""
    contents = map(TaskContent.from_json, uow.ledger.contents(patient_id, "task"))
    return next((content for content in contents if task_ref(content.key) == ref), None)


def standing_statement(statements: Sequence[Statement], milestone: str) -> Statement | None:
    """The last statement that made a milestone what it is and that nobody has taken back."""
    undone = {statement.target for statement in statements if statement.said is Said.UNDO}
    for statement in reversed(statements):
        if statement.milestone == milestone and statement.said in _STANDING and statement.id not in undone:
            return statement
    return None

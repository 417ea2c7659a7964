"""The recent activity: what people said, what moved, what was sent, what work was given out; newest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from plugin.domain.act import ABOUT, SAID, can_still_be_undone
from plugin.domain.assessment import EffectKind
from plugin.domain.ledger import EffectState
from plugin.domain.panel.on_file import OnFile
from plugin.domain.panel.view import EventKind, Happening
from plugin.domain.permissions import Action, Data, can
from plugin.domain.record import Said, Statement
from plugin.domain.tracking import Move

AT_MOST = 12
FEW = 3
"""More that move at once are told as a number."""
_ABOUT = {SAID[kind]: data for kind, data in ABOUT.items()}
_FOLLOWS = timedelta(minutes=1)
"""A status that changes so soon after a word about it is that word's doing, and is not told twice."""


def lately_of(file: OnFile) -> tuple[Happening, ...]:
    """The newest of everything."""
    found = [*_said(file), *_moved(file), *_sent(file), *_given_out(file)]
    return tuple(sorted(found, key=lambda happening: happening.at, reverse=True)[:AT_MOST])


def _said(file: OnFile) -> Iterator[Happening]:
    for statement in file.record.statements:
        if statement.said is not Said.UNDO:
            yield happening_of(statement, file)


def happening_of(statement: Statement, file: OnFile) -> Happening:
    """A statement as a line; its words for those who may see notes."""
    may_see = Data.NOTES in file.visible
    return Happening(
        at=file.local(statement.at),
        kind=EventKind.SAID,
        what=statement.said.value,
        title=file.titles.get(statement.milestone or ""),
        by=file.who(statement.by),
        outcome=statement.outcome,
        reason=statement.reason if may_see or statement.said is not Said.CONTACT else None,
        until=statement.until or statement.next_on,
        to=file.who(statement.target) if statement.said is Said.REASSIGN else None,
        note=statement.note if may_see else None,
        statement=statement.id,
        is_undone=statement.id in file.undone,
        can_be_undone=_can_be_undone(statement, file),
    )


def _can_be_undone(statement: Statement, file: OnFile) -> bool:
    """One's own within its time, somebody else's with the right to it (``usecases/act.py`` asks again)."""
    if (
        not file.can_act
        or statement.said not in _ABOUT
        or statement.id in file.undone
        or not can_still_be_undone(statement, file.now)
    ):
        return False
    about = _ABOUT[statement.said]
    is_own = statement.by == file.reader
    return can(file.roles, Action.ACT, about) and (is_own or can(file.roles, Action.UNDO, about))


def _moved(file: OnFile) -> Iterator[Happening]:
    """Many that moved at once are one line: a plan that ended, a patient who died."""
    together: dict[tuple[datetime, str], list[str]] = {}
    for move in file.moves:
        if move.key in file.titles and not _follows_a_word(move, file):
            together.setdefault((move.at, move.after), []).append(move.key)
    for (at, after), keys in together.items():
        if len(keys) > FEW:
            yield Happening(at=file.local(at), kind=EventKind.MOVED, what=after, size=len(keys))
            continue
        for key in keys:
            yield Happening(at=file.local(at), kind=EventKind.MOVED, what=after, title=file.titles[key])


def _follows_a_word(move: Move, file: OnFile) -> bool:
    words = (s.at for s in file.record.statements if s.milestone == move.key)
    return any(timedelta(0) <= move.at - at <= _FOLLOWS for at in words)


def _sent(file: OnFile) -> Iterator[Happening]:
    """Messages, notices and reports that went out, or could not."""
    for row in file.effects:
        is_work = row.kind in (EffectKind.WORK, EffectKind.WRITE)
        if is_work or row.changed_at is None or row.state not in (EffectState.DONE, EffectState.FAILED):
            continue
        yield Happening(
            at=file.local(row.changed_at),
            kind=EventKind.EFFECT,
            what=f"{row.kind.value}:{row.what}",
            title=file.titles.get(row.milestone or ""),
            to=file.who(row.owner, row.role),
            state=row.state.value,
        )


def _given_out(file: OnFile) -> Iterator[Happening]:
    for item in file.work:
        # An item about no single step has its kind in the place of a title.
        titles = [title for _, title in item.milestones if title != item.kind]
        title = titles[0] if len(titles) == 1 else None
        ends = item.changed_at if item.state in ("done", "withdrawn") else None
        for at, state in ((item.opened_at, "open"), (ends, item.state)):
            if at is not None:
                yield Happening(
                    at=file.local(at),
                    kind=EventKind.WORK,
                    what=item.kind,
                    title=title,
                    to=file.who(None, item.role),
                    state=state,
                )

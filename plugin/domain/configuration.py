"""Versioned configuration of the practice: programs, ladders, its calendar and its limits; and drafts of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, NamedTuple, TypeVar

PROGRAM, LADDER, CALENDAR, LIMITS = "program", "ladder", "calendar", "limits"
"""The kinds. Of calendar and limits there is one each, with the code ``practice``."""
KINDS = (PROGRAM, LADDER, CALENDAR, LIMITS)
THE_PRACTICE = "practice"
MILEPOST = "milepost"
"""Who publishes what is shipped."""

DraftOf = Literal["change", "roll-back", "retirement", "move"]
"""Move: the version in force is for plans that start from a day on, and the others are to follow it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigVersion:
    """A version of a program, ladder, calendar or limits: published from a moment on; ``body`` is JSON-able, of the shape
    that the catalog's TOML files have. What was published under a version is never changed."""

    kind: str
    code: str
    version: str
    body: Mapping[str, object]
    state: Literal["draft", "offered", "published"] = "published"
    """Offered: it came with Milepost, and the practice goes by a version of its own."""
    published_from: datetime | None = None
    by: str = MILEPOST
    why: str = ""
    approved_by: str | None = None
    """The second person, where one was needed."""
    plans_from: date | None = None
    """Of a program in force: only plans that start on this day or later follow it. None: all."""
    earlier: tuple[ConfigVersion, ...] = ()
    """The versions that the other plans keep, newest first, each for those that no newer one is for."""

    @property
    def standing(self) -> tuple[ConfigVersion, ...]:
        """This one and those beneath it, each for itself, newest first."""
        return (replace(self, earlier=()), *self.earlier) if self.earlier else (self,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigDraft:
    """What somebody is still working at: one for each kind and code. ``body`` may be incomplete or wrong; it is kept all
    the same. ``revision`` counts what was saved: who saves says which one they saw, and is refused when it is another by
    then (compare-and-set); what they wanted to save is kept beside it."""

    id: int
    kind: str
    code: str
    base: str | None
    """The version that it began as; None for a new program."""
    body: Mapping[str, object]
    revision: int
    by: str
    """Who saved it last (``Person.who``)."""
    changed_at: datetime
    authors: frozenset[str] = frozenset()
    """Everybody who saved a part of it: none of them can be the second person who lets it be published."""
    author_ids: frozenset[int] = frozenset()
    """The same by their numbers, as far as they have one: a person may come to be called by another name."""
    of: DraftOf = "change"
    """A roll back holds the body of an earlier version, a retirement or a move that of the one in force; nobody edits
    them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enactment:
    """That a version came into force, or is to: it holds from its moment until the next enactment of its kind and code. A
    version that is rolled back to has another one. Once its moment has come, an enactment is history and never changes."""

    id: int = 0
    kind: str
    code: str
    version: str | None
    """None: it was retired, nothing of this kind and code is in force from then on."""
    from_: datetime | None
    """None: since ever (what was shipped first)."""
    plans_from: date | None = None
    """Of a program: it holds for plans that start on this local day or later; the others keep the version that they have.
    None: for everybody."""
    decided_at: datetime
    by: str
    why: str = ""
    approved_by: str | None = None
    applied_at: datetime | None = None
    """When all patients were marked for it."""
    taken_back_at: datetime | None = None
    taken_back_by: str | None = None


For = TypeVar("For", ConfigVersion, Enactment)


def those_in_force(latest_first: Iterable[For]) -> list[For]:
    """Of one program, which of all that has come is in force for any plan: those for some plans, down to the first one for
    everybody, which may be missing. One for which later ones leave no plan is out."""
    standing: list[For] = []
    for one in latest_first:
        day = standing[-1].plans_from if standing else date.max
        if day is None:
            break
        if one.plans_from is None or one.plans_from < day:
            standing.append(one)
    return standing


def stacked(latest_first: Iterable[ConfigVersion]) -> ConfigVersion:
    """What is in force of one program as one value."""
    newest, *earlier = those_in_force(latest_first)
    return replace(newest, earlier=tuple(earlier)) if earlier else newest


class Publication(NamedTuple):
    """What somebody asked to be published and a second person must agree to."""

    id: int
    kind: str
    code: str
    draft_id: int
    revision: int
    from_: datetime | None
    """None: as soon as somebody agrees."""
    by: str
    by_id: int
    why: str
    preview_id: int | None
    asked_at: datetime
    state: Literal["waiting", "approved", "refused", "replaced"] = "waiting"
    """Replaced: it was asked for anew, or its draft was discarded."""
    decided_at: datetime | None = None
    decided_by: str | None = None
    decided_why: str = ""
    plans_from: date | None = None
    """Only for plans that start on this day or later; it stays that day, whenever somebody agrees."""


class Aside(NamedTuple):
    """What somebody wanted to save over a revision that was not the newest any more: kept, so that nothing is lost."""

    seen: int
    body: Mapping[str, object]
    by: str
    at: datetime
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the practice has set for itself: ``cap_percent`` of the caseload whose gaps or effects one person alone may
    change by publishing, and ``capacity``: how many work items a role can do on a working day."""

    cap_percent: int = 5
    capacity: Mapping[str, int] = field(default_factory=dict)


def limits_body(limits: Limits) -> dict[str, object]:
    """Limits as they are stored (``plugin.catalog.practice_reader`` reads them)."""
    capacity = [{"role": role, "per_day": per_day} for role, per_day in sorted(limits.capacity.items())]
    return {"code": THE_PRACTICE, "title": "Limits", "cap_percent": limits.cap_percent, "capacity": capacity}


def canonical(body: Mapping[str, object]) -> str:
    """The one text that a body has: JSON, keys sorted, no spaces."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def body_hash(body: Mapping[str, object]) -> str:
    """SHA-256 of that text, in hexadecimal: what an audit row says of a body."""
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def same_content(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether two bodies say the same, whatever version they stand under."""
    return {**one, "version": ""} == {**other, "version": ""}


def next_version(taken: Iterable[str]) -> str:
    """The number of a new version: one more than the greatest there ever was."""
    return str(max((int(version) for version in taken if version.isdecimal()), default=0) + 1)

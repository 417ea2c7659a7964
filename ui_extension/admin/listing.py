"""What the address of a list says: filters, the place in the list, and what was searched for, sealed.

A name must not stand in an address, where logs and the browser's history keep it. So a search is sent as a form, and
the address gets it back in a form that only Milepost opens, and only for whoever searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from plugin.domain.account import SignedIn
from plugin.domain.errors import PermanentFailure
from plugin.domain.queue import At, Listing, Show, Wanted, Whose
from plugin.usecases.queues import wanted_by
from plugin.usecases.services import Services

_PLACE = re.compile(r"([ab])(\d{1,15})\.(\d{1,15})(?:\.([0-9a-f]{12}))?", re.ASCII)
_CODE = re.compile(r"[\w.:-]{1,60}", re.ASCII)
_LONGEST_SEARCH = 100
_NAMES = ("whose", "show", "tier", "role", "owner", "program", "stage")

SHOWN: Mapping[Listing, tuple[Show, ...]] = {
    Listing.WORK: (Show.TODO, Show.FREE, Show.SNOOZED, Show.ALL),
    Listing.GAPS: (Show.TODO, Show.BOOKED, Show.REVIEW, Show.ON_HOLD, Show.ALL),
    Listing.PATIENTS: (Show.ALL, Show.TODO),
}
"""What each list can show; the first is what it shows when nobody says."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An address, read. ``args`` are its filters as they stand there, without the place; ``search`` is opened."""

    wanted: Wanted
    args: Mapping[str, str]
    search: str
    at: At | None

    @property
    def is_narrowed(self) -> bool:
        """More than whose and which."""
        return any(name not in ("whose", "show") for name in self.args)


def read_address(services: Services, me: SignedIn, listing: Listing, given: Mapping[str, str]) -> Asked:
    """What cannot be read is left out: an address that somebody cut shows more, never a fault."""
    args = kept(given)
    search = _opened(services, me, args.get("s", ""))
    if not search:
        args.pop("s", None)
    owner = args.get("owner", "")
    whose = args.get("whose") or (Whose.ALL if listing is not Listing.WORK or not me.roles else Whose.ROLES)
    wanted = wanted_by(
        services,
        me,
        search=search,
        whose=Whose(whose) if whose in set(Whose) else Whose.ALL,
        show=Show(args["show"]) if args.get("show") in SHOWN[listing] else SHOWN[listing][0],
        tier=int(args["tier"]) if args.get("tier", "").isdecimal() else None,
        role=args.get("role"),
        owner=int(owner) if owner.isdecimal() else None,
        program=args.get("program"),
        stage=args.get("stage"),
    )
    return Asked(wanted, args, search, place_of(given.get("at", "")))


def kept(given: Mapping[str, str]) -> dict[str, str]:
    """The filters of an address that have a form that they can have."""
    found = {name: given[name] for name in _NAMES if _CODE.fullmatch(given.get(name, ""))}
    return {**found, "s": given["s"]} if given.get("s") else found


def kept_of(query: str) -> dict[str, str]:
    """The same of an address that a form brought along: the list that it came from, with its place."""
    given = dict(parse_qsl(query[:2000]))
    at = {"at": given["at"]} if place_of(given.get("at", "")) else {}
    return {**kept(given), **at}


def sealed(services: Services, me: SignedIn, text: str) -> str | None:
    """A search as the address may hold it; None for an empty one."""
    words = text.strip()[:_LONGEST_SEARCH]
    return services.cipher.encrypt(words, _belongs_to(me)) if words else None


def place_of(text: str) -> At | None:
    """Behind (``a``) or before (``b``) a line: its rank, its number, and a short name where it needs one."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    return At(int(found[2]), int(found[3]), found[4] or "", is_back=found[1] == "b")


def place_words(at: At | None) -> str | None:
    """As an address has it."""
    if at is None:
        return None
    return f"{'b' if at.is_back else 'a'}{at.rank}.{at.id}" + (f".{at.key}" if at.key else "")


def numbers(given: Iterable[str]) -> list[int]:
    """Those of a form's values that are numbers of lines, at most a page of them."""
    return [int(text) for text in given if text.isdecimal() and len(text) < 16][:50]


def _opened(services: Services, me: SignedIn, text: str) -> str:
    try:
        return services.cipher.decrypt(text, _belongs_to(me)) if text else ""
    except PermanentFailure:
        return ""


def _belongs_to(me: SignedIn) -> str:
    return f"search of {me.person_id}"

"""Patients of a source that has no Task, and the patients of a companion store who are the same people.

Whether two records are one person's is decided here, and only where nothing is left open: an identifier's system and
value, the day of birth and the family name all agree, and the store has one such patient. Everything else is a person's
decision. Being wrong means one patient's care in another's chart.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from plugin.domain.record import Identifier, Patient

_NO_SYSTEMS: Mapping[str, str] = MappingProxyType({})
OPENEMR_NUMBERS = "http://terminology.hl7.org/CodeSystem/v2-0203"
"""The system under which OpenEMR 8.2 gives every practice's patient numbers (recording 083): no other server knows them by it."""
_A_DAY = 10
"""Characters of a whole date; a birthday known by year or month is nobody's in particular."""


class LinkState(StrEnum):
    """How a patient of a source stands to the store. Refused: a person has decided that there is no such patient there."""

    LINKED = "linked"
    TO_DO = "to-be-linked"
    REFUSED = "refused"


class Why(StrEnum):
    """Why a patient could not be linked, or is no more. The pages have words for each."""

    NO_IDENTIFIER = "no-identifier"
    NO_BIRTH_DATE = "no-birth-date"
    NO_FAMILY_NAME = "no-family-name"
    NOT_READ = "not-read"
    """The patient's own record has not been read yet."""
    NONE_FOUND = "none-found"
    SEVERAL = "several"
    BIRTH_DATE_DIFFERS = "birth-date-differs"
    NAME_DIFFERS = "name-differs"
    REPLACED = "replaced"
    """The record in the store was replaced by another one."""
    TAKEN = "taken"
    """Another patient of this source is linked to that record already."""
    CHANGED = "changed"
    """Linked until an identifier, the birth date or the name changed on one side, and they agree no more."""
    GONE = "gone"
    """Linked until the record was no longer in the store."""
    UNLINKED = "unlinked"
    """A person took the link back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientLink:
    """A patient of a source (``Patient/…`` there) and the one of the store. ``store_ref`` is that one while they are
    linked, and after that until what was written there has been taken off; ``candidates`` are records of the store that a person may look at. ``ours`` and ``theirs`` are digests of what the
    two records said when they were linked: what has changed since is compared anew."""

    patient: str
    state: LinkState
    store_ref: str | None = None
    candidates: tuple[str, ...] = ()
    why: str = ""
    by: str = "milepost"
    at: datetime
    ours: str = ""
    theirs: str = ""

    @property
    def to_take_off(self) -> str | None:
        """The record of the store about which something of ours stands in error, and does not say so yet."""
        return None if self.state is LinkState.LINKED else self.store_ref


@dataclass(frozen=True, slots=True)
class Match:
    """What a comparison came to: the one record of the store, or why there is none."""

    store_ref: str | None = None
    why: Why | None = None
    candidates: tuple[str, ...] = ()


def match(ours: Patient | None, theirs: Sequence[Patient], systems: Mapping[str, str] = _NO_SYSTEMS) -> Match:
    """The record of the store that is the same person's, if that is beyond doubt. ``theirs`` are all patients of the store
    who have one of our identifiers; ``systems`` says by which system the store knows one of ours, where it is another."""
    if ours is None:
        return Match(why=Why.NOT_READ)
    if lacking := _lacking(ours):
        return Match(why=lacking)
    wanted = frozenset(known_there(ours.identifiers, systems))
    found = [one for one in theirs if not wanted.isdisjoint(one.identifiers)]
    refs = tuple(sorted(one.ref for one in found))
    if not found:
        return Match(why=Why.NONE_FOUND)
    if len(found) > 1:
        return Match(why=Why.SEVERAL, candidates=refs)
    if differs := _difference(ours, found[0]):
        return Match(why=differs, candidates=refs)
    return Match(store_ref=refs[0], candidates=refs)


def known_there(identifiers: Iterable[Identifier], systems: Mapping[str, str] = _NO_SYSTEMS) -> tuple[Identifier, ...]:
    """Our identifiers as the store would have them: those with a system and a value, each once."""
    known = (Identifier(systems.get(system, system), value) for system, value in identifiers if system and value)
    return tuple(dict.fromkeys(known))


def digest_of_identity(patient: Patient) -> str:
    """Of what a link rests on: identifiers, birth date, family name, and whether the record was replaced. Nothing of it
    can be read from the digest without guessing it whole."""
    said = [sorted(map(list, patient.identifiers)), patient.birth_date, same_name(patient.family), patient.replaced_by]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def same_name(family: str | None) -> str:
    """Two family names are the same when these are equal: case, accents, blanks, hyphens and apostrophes do not count
    (Müller is MULLER, O'Brien is OBrien); letters do (Mueller is another name)."""
    plain = unicodedata.normalize("NFKD", family or "")
    return "".join(letter for letter in plain.casefold() if letter.isalnum())


def _lacking(ours: Patient) -> Why | None:
    if not known_there(ours.identifiers):
        return Why.NO_IDENTIFIER
    if len(ours.birth_date or "") != _A_DAY:
        return Why.NO_BIRTH_DATE
    return None if same_name(ours.family) else Why.NO_FAMILY_NAME


def _difference(ours: Patient, theirs: Patient) -> Why | None:
    if theirs.replaced_by is not None:
        return Why.REPLACED
    if ours.birth_date != theirs.birth_date:
        return Why.BIRTH_DATE_DIFFERS
    return None if same_name(ours.family) == same_name(theirs.family) else Why.NAME_DIFFERS

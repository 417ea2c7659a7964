"""One resource while it is read: codes, identifiers and references, in our types, over `plain.py`'s."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from fhir_adapters.mapping.moments import LONGEST, instant
from fhir_adapters.mapping.plain import Plain, Raw, is_text, storable
from plugin.domain.record import Coding, Concept, Identifier, Link

NOTHING = Concept()
LONGEST_VERSION = 128  # FHIR says 64; other servers are not so strict
LONGEST_REFERENCE = 1_024
LONGEST_SHARED = 256


def stamp_of(raw: Raw) -> datetime | None:
    """`meta.lastUpdated`, in UTC."""
    meta = raw.get("meta")
    text = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return instant(text) if isinstance(text, str) and len(text) <= LONGEST else None


def version_of(raw: Raw) -> str:
    """`meta.versionId`; empty where the source gives none."""
    meta = raw.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    if isinstance(version, str) and len(version) <= LONGEST_VERSION and version.isascii() and version.isprintable():
        return version
    return ""


def as_given(_reference: str) -> str | None:
    """Resolves nothing: every reference stays as it is."""
    return None


@dataclass(frozen=True, slots=True)
class MappingRules:
    """What the mapping has to be told. `resolve` turns a reference into ``Type/id`` of the same source, or answers None:
    it stays as given. `seen` says when a version came to be (DESIGN §1). The other two are O4: what is ours."""

    resolve: Callable[[str], str | None] = as_given
    ours_tag_system: str = "https://milepost.example/tag"
    identifier_base: str = "https://milepost.example/"
    seen: Callable[[Raw], datetime | None] = stamp_of


class Reading(Plain):
    """`ref` is the resource's own; `local` has the references of what it contains by ``#id``, and `contained` the
    contained resources by those references."""

    __slots__ = ("contained", "local", "ref", "rules", "seen", "version")

    def __init__(self, ref: str, raw: Raw, rules: MappingRules, left_out: dict[str, int]) -> None:
        super().__init__(ref.partition("/")[0], left_out)
        self.ref = ref
        self.rules = rules
        self.local: Mapping[str, str] = {}
        self.contained: Mapping[str, Raw] = {}
        self.seen = rules.seen(raw)
        self.version = version_of(raw)

    def is_ours(self, raw: Raw, identifiers: tuple[Identifier, ...] = ()) -> bool:
        """O4: our tag's system, or an identifier under our base."""
        meta = raw.get("meta")
        tags = meta.get("tag") if isinstance(meta, dict) else None
        if isinstance(tags, list):
            ours = self.rules.ours_tag_system
            if any(isinstance(tag, dict) and tag.get("system") == ours for tag in tags):
                return True
        base = self.rules.identifier_base
        return any(identifier.system.startswith(base) for identifier in identifiers)

    # ------------------------------------------------------------------------------------------------ codes
    def concept(self, holder: Raw, name: str, within: str = "") -> Concept:
        """A CodeableConcept; an empty one when there is none."""
        value = holder.get(name)
        return NOTHING if value is None else self._concept(value, within + name) or NOTHING

    def concept_or_none(self, holder: Raw, name: str, within: str = "") -> Concept | None:
        """A CodeableConcept that says something."""
        value = holder.get(name)
        return None if value is None else self._concept(value, within + name)

    def concepts(self, holder: Raw, name: str, within: str = "") -> tuple[Concept, ...]:
        """The CodeableConcepts of a list that say something."""
        if name not in holder:
            return ()
        element = within + name
        found = [self._concept(item, element) for item in self._list(holder, name, within)]
        return tuple([concept for concept in found if concept is not None])

    def coding(self, holder: Raw, name: str, within: str = "") -> Coding | None:
        """A Coding that stands alone."""
        value = holder.get(name)
        return None if value is None else self._coding(value, within + name)

    def _concept(self, value: object, element: str) -> Concept | None:
        if not isinstance(value, dict):
            self.drop(element, "not an object")
            return None
        text = None if (text := value.get("text")) is None else self.text_in(text, element)
        codings = value.get("coding")
        if codings is None:
            return _concept_of((), text) if text else None
        if not isinstance(codings, list):
            self.drop(element, "not a list")
            codings = []
        read = [self._coding(item, element) for item in codings]
        found = tuple([coding for coding in read if coding is not None])
        return _concept_of(found, text) if found or text else None

    def _coding(self, value: object, element: str) -> Coding | None:
        """A system that is no text takes the code with it: without its system, a code could mean anything."""
        if not isinstance(value, dict):
            self.drop(element, "not an object")
            return None
        system, code, display = value.get("system", ""), value.get("code"), value.get("display")
        if display is not None and not is_text(display):
            self.drop(element, "not a text")
            display = None
        if isinstance(code, str) and code and isinstance(system, str):
            return _coding_of(system, code, display)
        if code is not None:
            self.drop(element, "not a code")
        return None if display is None else _coding_of("", "", display)

    # ------------------------------------------------------------------------------------- identifiers and references
    def identifiers(self, holder: Raw, name: str = "identifier") -> tuple[Identifier, ...]:
        """Business identifiers that have a value."""
        if name not in holder:
            return ()
        found = [self._identifier(item, name) for item in self.parts(holder, name)]
        return tuple([identifier for identifier in found if identifier is not None])

    def identifier(self, holder: Raw, name: str, within: str = "") -> Identifier | None:
        """One Identifier."""
        value = self.part(holder, name, within)
        return None if value is None else self._identifier(value, within + name)

    def link(self, holder: Raw, name: str, within: str = "") -> Link | None:
        """A Reference that names something, by whatever means."""
        value = holder.get(name)
        return None if value is None else self._link(value, within + name)

    def links(self, holder: Raw, name: str, within: str = "") -> tuple[Link, ...]:
        """The References of a list."""
        if name not in holder:
            return ()
        element = within + name
        found = [self._link(item, element) for item in self._list(holder, name, within)]
        return tuple([link for link in found if link is not None])

    def ref_of(self, holder: Raw, name: str, within: str = "") -> str | None:
        """The literal reference of a Reference, resolved."""
        value = self.part(holder, name, within)
        return None if value is None else self._resolved(value, within + name)

    def patient(self, holder: Raw, name: str = "subject") -> str | None:
        """The patient whom a resource is about; a Group, Device or Location is none."""
        found = self.ref_of(holder, name)
        if found is None or found.startswith("Patient/"):
            return found
        kind = found.partition("?")[0].rpartition("/")[0].rpartition("/")[2]
        if kind in ("", "Patient") and found[0] != "#":
            return found  # urn:uuid:…, a conditional reference, or a patient of another server
        self.drop(name, "not a patient")
        return None

    def _identifier(self, value: Raw, element: str) -> Identifier | None:
        within = element + "."
        found = self.text(value, "value", within)
        return None if found is None else Identifier(self.text(value, "system", within) or "", found)

    def _link(self, value: object, element: str) -> Link | None:
        if not isinstance(value, dict):
            self.drop(element, "not an object")
            return None
        ref = self._resolved(value, element)
        display = None if (display := value.get("display")) is None else self.text_in(display, element)
        identifier = self.identifier(value, "identifier", element + ".") if "identifier" in value else None
        if ref is None and display is None and identifier is None:
            return None
        return _link_of(ref, display) if identifier is None else Link(ref, display, identifier)

    def _resolved(self, value: Raw, element: str) -> str | None:
        reference = value.get("reference")
        if reference is None:
            return None
        if not is_text(reference) or len(reference) > LONGEST_REFERENCE:
            self.drop(element, "not a reference")
            return None
        reference = storable(reference)
        if reference[:1] == "#":
            return self.local.get(reference, reference)
        return self.rules.resolve(reference) or reference or None


def _coding_of(system: str, code: str, display: str | None) -> Coding:
    if display is not None and len(display) > LONGEST_SHARED:
        return _new_coding(system, code, display)
    return _shared_coding(system, code, display)


def _concept_of(codings: tuple[Coding, ...], text: str | None) -> Concept:
    if text is not None and len(text) > LONGEST_SHARED:
        return Concept(codings, text)
    return _shared_concept(codings, text)


def _link_of(ref: str | None, display: str | None) -> Link:
    if display is not None and len(display) > LONGEST_SHARED:
        return Link(ref, display)
    return _shared_link(ref, display)


def _new_coding(system: str, code: str, display: str | None) -> Coding:
    return Coding(storable(system), storable(code), None if display is None else storable(display))


# A practice's million results name a few hundred codes, and neighbours in a page share their patient, visit and doctor.
# Sharing what is equal saves half the time, and most of the memory.
_shared_coding = lru_cache(maxsize=8_192)(_new_coding)
_shared_concept = lru_cache(maxsize=8_192)(Concept)
_shared_link = lru_cache(maxsize=8_192)(Link)

"""The systems under which everything that Milepost writes is named and found again: all under one base."""

from collections.abc import Mapping
from dataclasses import dataclass

from plugin.domain.writes import is_reference

DEVICE = "Device/milepost"
"""Milepost itself, as author and assembler of what it writes."""

CodeableConcept = dict[str, object]
"""A CodeableConcept as JSON, on its way out."""


@dataclass(frozen=True, slots=True)
class Names:
    """The base comes from a setting and ends without a slash. A practice that changes it loses sight of what was
    written under the old one. ``tags`` are (system, code) of the source's own search filter: without them our feed
    would not see what we wrote."""

    base: str = "https://milepost.example"
    tags: tuple[tuple[str, str], ...] = ()

    def system(self, kind: str) -> str:
        """An identifier system: ``milestone``, ``gap``, ``flag``, ``notice``, ``plan``."""
        return f"{self.base}/{kind}"

    def codes(self, kind: str) -> str:
        """A code system of ours: ``milestone``, ``milestone-state``, ``status-reason``, ``role``, ``flag``."""
        return f"{self.base}/cs/{kind}"

    @property
    def meta(self) -> dict[str, object]:
        """The tag that makes a resource ours (O4), and those of the source."""
        ours = (self.system("tag"), "milepost")
        return {"tag": [{"system": system, "code": code} for system, code in (ours, *self.tags)]}

    def identifier(self, kind: str, value: str) -> dict[str, object]:
        """A business identifier of ours."""
        return {"system": self.system(kind), "value": value}

    def concept(self, kind: str, code: str, text: str) -> CodeableConcept:
        """One of our own codes, with words for those who do not know it."""
        return {"coding": [{"system": self.codes(kind), "code": code}], "text": text}


def tags_of(search_filter: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The tag that a source's search filter asks for (``_tag=system|code``); of several, any of which will do, the
    first. Other filters name nothing that we could write."""
    system, bar, code = search_filter.get("_tag", "").partition(",")[0].partition("|")
    return ((system, code),) if bar and system and code else ()


def reference(ref: str) -> dict[str, object]:
    """A Reference to a resource of the same server."""
    return {"reference": ref}


def anyone(ref: str) -> dict[str, object]:
    """A Reference to somebody who may live on another server: such an address goes out as an identifier, since servers
    refuse literal references that lead elsewhere (HAPI's ``allow_external_references`` is off by default)."""
    if is_reference(ref):
        return reference(ref)
    return {"identifier": {"system": "urn:ietf:rfc:3986", "value": ref}}


def one_line(words: str) -> str:
    """FHIR strings neither begin nor end with blanks; servers trim them, and then what stands is not what was sent."""
    return " ".join(words.split())

"""What a search finds a patient by: name, MRN and date of birth, in words without case and accents."""

from __future__ import annotations

import re
import unicodedata

from plugin.domain.record import Fact, Patient, Record

_PARTS = re.compile(r"[^\W_]+")
_ISO, _US = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)"), re.compile(r"(\d\d?)/(\d\d?)/(\d{4})")
_PLAIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ı": "i",
        "'": "",
        "\u2019": "",
        "\u02bc": "",
    }
)
"""Letters that are no base letter with an accent; and apostrophes, which part no word."""
_MOST_WORDS = 8
"""Of a search; what comes after them is left out."""
_FIRST_UNSPACED = "\u2e80"
"""From here on Unicode has the scripts of East Asia."""


def plain_words(text: str) -> list[str]:
    """The words of a text, without case, accents, apostrophes and what stands between them."""
    apart = unicodedata.normalize("NFKD", text).casefold().translate(_PLAIN)
    return _PARTS.findall("".join(c for c in apart if not unicodedata.combining(c)))


def found_by(record: Record) -> str:
    """The words that a search finds the patient by: of the name, the MRN (whole, and its parts) and the date of birth; and
    the same of the records that were replaced by this one, since people go on asking for the old name."""
    patient = record.facts.get(record.ref)
    if not isinstance(patient, Patient):
        return ""
    replaced = [record.facts[ref] for ref in sorted(record.names - {record.ref})]
    words = dict.fromkeys(word for each in (patient, *replaced) for word in _words_of(each))
    return " ".join(word for word in words if word)


def _words_of(patient: Fact) -> list[str]:
    if not isinstance(patient, Patient):
        return []
    name = plain_words(f"{patient.name or ''} {patient.family or ''}")
    number = plain_words(patient.mrn or "")
    born = (patient.birth_date or "").partition("T")[0].replace("-", "")
    return [*(part for word in name for part in _endings(word)), *number, "".join(number), born]


def _endings(word: str) -> list[str]:
    """In scripts that put no space between family and given name, each may begin anywhere in a word."""
    return [word[place:] for place in range(len(word))] if word[0] >= _FIRST_UNSPACED else [word]


def search_words(text: str) -> tuple[str, ...]:
    """What was typed, as ``found_by`` has it: each is the beginning of a word there. Dates in either order."""
    whole = _ISO.sub(lambda found: f" {_day(found[1], found[2], found[3])} ", text)
    whole = _US.sub(lambda found: f" {_day(found[3], found[1], found[2])} ", whole)
    return tuple(dict.fromkeys(plain_words(whole)))[:_MOST_WORDS]


def _day(year: str, month: str, day: str) -> str:
    return f"{year}{int(month):02}{int(day):02}"

"""Numbers with their codes and units: quantities, an Observation's components, the answers of a questionnaire."""

from collections.abc import Iterator

from fhir_adapters.mapping.plain import Raw
from fhir_adapters.mapping.reading import Reading
from plugin.domain.instrument import ANSWERS, ITEMS, LOINC, NUMBERS
from plugin.domain.record import Measure

Number = tuple[float | None, str | None]
"""A number and its unit."""

ORDINAL_VALUES = (
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
)
DEEPEST_ITEM = 8
"""Questions within groups within groups: no questionnaire nests more."""


def quantity(holder: Raw, name: str, reading: Reading, within: str = "") -> Number:
    """The number of a Quantity, with its unit as text (its code where there is no text)."""
    found = reading.part(holder, name, within)
    if found is None:
        return None, None
    path = f"{within}{name}."
    unit = reading.text(found, "unit", path) or reading.text(found, "code", path)
    return reading.number(found, "value", path), unit


def components(raw: Raw, reading: Reading) -> tuple[Measure, ...]:
    """The components that hold a number, under each of their codes."""
    return tuple(
        Measure(coding.system, coding.code, value, unit)
        for part in reading.parts(raw, "component")
        for value, unit in [_number(part, reading)]
        if value is not None
        for coding in reading.concept(part, "code", "component.").codings
        if coding.system and coding.code
    )


def _number(part: Raw, reading: Reading) -> Number:
    within = "component."
    if part.get("valueQuantity") is None:
        return reading.number(part, "valueInteger", within), None
    return quantity(part, "valueQuantity", reading, within)


def answers(raw: Raw, reading: Reading) -> tuple[Measure, ...]:
    """Totals and single answers of known instruments. A response does not repeat the codes of its questions; forms made
    from LOINC have them as `linkId` (`/44261-6`). Nothing else of a questionnaire is looked at."""
    if "item" not in raw:
        return ()
    found: list[Measure] = []
    for item in _items(raw, reading):
        link = item.get("linkId")
        code = link.rpartition("/")[2] if isinstance(link, str) else ""
        value = _answer(item, code, reading) if code in NUMBERS else None
        if value is not None:
            found.append(Measure(LOINC, code, value))
    return tuple(found)


def _items(holder: Raw, reading: Reading, depth: int = 0) -> Iterator[Raw]:
    for item in reading.parts(holder, "item") if depth < DEEPEST_ITEM else ():
        yield item
        if "item" in item:
            yield from _items(item, reading, depth + 1)


def _answer(item: Raw, code: str, reading: Reading) -> float | None:
    """The number of the one answer; of several none can be told to be the answer."""
    given = reading.parts(item, "answer", "item.")
    if len(given) != 1:
        return None
    (answer,) = given
    within = "item.answer."
    for name in ("valueInteger", "valueDecimal"):
        if name in answer:
            return reading.number(answer, name, within)
    if "valueQuantity" in answer:
        return quantity(answer, "valueQuantity", reading, within)[0]
    return _chosen(answer, code, reading) if "valueCoding" in answer else None


def _chosen(answer: Raw, code: str, reading: Reading) -> float | None:
    """A chosen answer's score: as the answer carries it, else LOINC's."""
    within = "item.answer.valueCoding."
    stated = reading.part(answer, "valueCoding", "item.answer.") or {}
    for extension in reading.parts(stated, "extension", within):
        if extension.get("url") in ORDINAL_VALUES:
            return reading.number(extension, "valueDecimal", within + "extension.")
    coding = reading.coding(answer, "valueCoding", "item.answer.")
    return ANSWERS.get(coding.code) if coding is not None and coding.system == LOINC and code in ITEMS else None

"""When something is planned: `scheduled[x]`, `occurrence[x]`, `timing[x]`, and what a Timing says of turns."""

from fhir_adapters.mapping.plain import Raw
from fhir_adapters.mapping.reading import Reading
from plugin.domain.record import Schedule, Timing

UNPLANNED = Schedule()
_UNITS = frozenset({"s", "min", "h", "d", "wk", "mo", "a"})
_WORDS = {
    "second": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
    "week": "wk",
    "weeks": "wk",
    "month": "mo",
    "months": "mo",
    "year": "a",
    "years": "a",
}


def schedule(holder: Raw, stem: str, reading: Reading, within: str = "") -> Schedule:
    """All forms of a choice element that are given, at once: `stem` is `scheduled`, `occurrence` or `timing`."""
    date_time, period = stem + "DateTime", stem + "Period"
    timing, string = stem + "Timing", stem + "String"
    if not (date_time in holder or period in holder or timing in holder or string in holder):
        return UNPLANNED
    start, end = reading.period(holder, period, within)
    return Schedule(
        start=start,
        end=end,
        at=reading.moment(holder, date_time, within),
        timing=_timing(holder, timing, reading, within),
        text=reading.text(holder, string, within),
    )


def _timing(holder: Raw, name: str, reading: Reading, within: str) -> Timing | None:
    """https://hl7.org/fhir/R4/datatypes.html#Timing; its `code` (BID, QD) is no source of turns."""
    found = reading.part(holder, name, within)
    if found is None:
        return None
    path = f"{within}{name}."
    events = tuple(
        moment
        for event in reading.texts(found, "event", path)
        if (moment := reading.moment({"event": event}, "event", path)) is not None
    )
    repeat = reading.part(found, "repeat", path) or {}
    path += "repeat."
    start, end = reading.period(repeat, "boundsPeriod", path)
    duration = reading.part(repeat, "boundsDuration", path) or {}
    return Timing(
        events=events,
        bounds_start=start,
        bounds_end=end,
        bounds_value=_above_zero(duration, "value", reading, path + "boundsDuration."),
        bounds_unit=_unit(duration, "code", reading, path + "boundsDuration.") or _worded_unit(duration),
        count=reading.count(repeat, "count", path),
        count_max=reading.count(repeat, "countMax", path),
        frequency=reading.count(repeat, "frequency", path),
        period=_above_zero(repeat, "period", reading, path),
        period_unit=_unit(repeat, "periodUnit", reading, path),
    )


def _above_zero(holder: Raw, name: str, reading: Reading, within: str) -> float | None:
    number = reading.number(holder, name, within)
    if number is not None and number <= 0:
        reading.drop(within + name, "not above zero")
        return None
    return number


def _unit(holder: Raw, name: str, reading: Reading, within: str) -> str | None:
    """A unit of time of UCUM, as FHIR's UnitsOfTime has them."""
    unit = reading.text(holder, name, within)
    if unit is not None and unit not in _UNITS:
        reading.drop(within + name, "not a unit of time")
        return None
    return unit


def _worded_unit(duration: Raw) -> str | None:
    """A Duration with a unit for people and no code, as some servers write it."""
    unit = duration.get("unit")
    if not isinstance(unit, str):
        return None
    return unit if unit in _UNITS else _WORDS.get(unit.strip().lower())

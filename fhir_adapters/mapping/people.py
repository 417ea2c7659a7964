"""Patient, Practitioner, PractitionerRole, CareTeam: who."""

from fhir_adapters.mapping.plain import Raw
from fhir_adapters.mapping.reading import NOTHING, Reading
from plugin.domain.record import CareTeam, Concept, Member, Moment, Other, Patient

_PAST_NAMES = frozenset({"old", "maiden", "nickname", "anonymous", "temp"})
_BEST_NAMES = ("official", "usual")
INTERPRETER_REQUIRED = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
INTERPRETER_NEEDED = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-interpreter-needed"
_YES_OR_NO = {"373066001": True, "373067005": False}  # SNOMED CT, as US Core asks for


def patient(raw: Raw, reading: Reading) -> Patient:
    """https://hl7.org/fhir/R4/patient.html"""
    name, family = _name(raw, reading)
    deceased, deceased_at = _death(raw, reading)
    language, language_name = _language(raw, reading)
    return Patient(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        active=reading.flag(raw, "active") is not False,
        deceased=deceased,
        deceased_at=deceased_at,
        replaced_by=_survivor(raw, reading),
        name=name,
        family=family,
        birth_date=reading.moment(raw, "birthDate"),
        identifiers=reading.identifiers(raw),
        mrn=_record_number(raw, reading),
        language=language,
        language_name=language_name,
        needs_interpreter=_needs_interpreter(raw, reading) if "extension" in raw else None,
    )


def practitioner(raw: Raw, reading: Reading) -> Other:
    """https://hl7.org/fhir/R4/practitioner.html"""
    return Other(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        status="inactive" if reading.flag(raw, "active") is False else "active",
        name=_name(raw, reading)[0],
    )


def practitioner_role(raw: Raw, reading: Reading) -> Other:
    """https://hl7.org/fhir/R4/practitionerrole.html: `links` are the practitioner and the organization."""
    person, organization = reading.link(raw, "practitioner"), reading.link(raw, "organization")
    start, end = reading.period(raw, "period")
    return Other(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        status="inactive" if reading.flag(raw, "active") is False else "active",
        concepts=reading.concepts(raw, "code"),
        categories=reading.concepts(raw, "specialty"),
        name=None if person is None else person.display,
        start=start,
        end=end,
        links=tuple(link for link in (person, organization) if link is not None),
    )


def care_team(raw: Raw, reading: Reading) -> CareTeam:
    """https://hl7.org/fhir/R4/careteam.html"""
    return CareTeam(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw),
        status=reading.text(raw, "status"),
        name=reading.text(raw, "name"),
        members=tuple(_member(participant, reading) for participant in reading.parts(raw, "participant")),
    )


def _member(participant: Raw, reading: Reading) -> Member:
    within = "participant."
    roles = reading.concepts(participant, "role", within)
    member = reading.link(participant, "member", within)
    return Member(
        None if member is None else member.ref,
        tuple(coding for role in roles for coding in role.codings),
        reading.ref_of(participant, "onBehalfOf", within),
        None if member is None else member.display,
        next((role.title for role in roles if role.title), None),
    )


def _name(raw: Raw, reading: Reading) -> tuple[str | None, str | None]:
    """The name to call a person by, and the family name in it: official, else usual, else the first that is not past."""
    found = reading.parts(raw, "name")
    if not found:
        return None, None
    by_use = {use: name for name in reversed(found) if isinstance(use := name.get("use"), str)}
    current = [name for name in found if str(name.get("use")) not in _PAST_NAMES]
    best = next((by_use[use] for use in _BEST_NAMES if use in by_use), (current or found)[0])
    family = reading.text(best, "family", "name.")
    written = reading.text(best, "text", "name.")
    if written is None:
        written = " ".join([*reading.texts(best, "given", "name."), *([family] if family else [])]) or None
    return written, family


def _death(raw: Raw, reading: Reading) -> tuple[bool, Moment | None]:
    """A date of death that cannot be read still says that the patient has died: better no message than one to the dead."""
    if reading.flag(raw, "deceasedBoolean"):
        return True, None
    stated = raw.get("deceasedDateTime")
    on = reading.moment(raw, "deceasedDateTime")
    return on is not None or (isinstance(stated, str) and bool(stated.strip())), on


def _survivor(raw: Raw, reading: Reading) -> str | None:
    """The record that replaces this one (S7)."""
    if raw.get("link") is None:
        return None
    replaced = (link for link in reading.parts(raw, "link") if link.get("type") == "replaced-by")
    return next((ref for link in replaced if (ref := reading.ref_of(link, "other", "link."))), None)


def _record_number(raw: Raw, reading: Reading) -> str | None:
    """The medical record number: the identifier of type MR, else the first that has a value."""
    found = reading.parts(raw, "identifier") if raw.get("identifier") is not None else []
    typed = [item for item in found if any(coding.code == "MR" for coding in _kind(item, reading).codings)]
    numbers = (item.get("value") for item in [*typed, *found])
    return next((number for number in numbers if isinstance(number, str) and number.strip()), None)


def _kind(identifier: Raw, reading: Reading) -> Concept:
    return reading.concept(identifier, "type", "identifier.") if "type" in identifier else NOTHING


def _language(raw: Raw, reading: Reading) -> tuple[str | None, str | None]:
    """The preferred language's code (BCP 47) and name, else the first one's."""
    found = reading.parts(raw, "communication") if raw.get("communication") is not None else []
    preferred = [item for item in found if item.get("preferred") is True]
    for item in [*preferred, *found]:
        language = reading.concept(item, "language", "communication.")
        code = next((coding.code for coding in language.codings if coding.code), language.text)
        if code:
            return code, language.title
    return None, None


def _needs_interpreter(raw: Raw, reading: Reading) -> bool | None:
    """By FHIR's own extension, else by US Core's. None where it says neither yes nor no."""
    found = {item.get("url"): item for item in reading.parts(raw, "extension")}
    if (item := found.get(INTERPRETER_REQUIRED)) is not None:
        return reading.flag(item, "valueBoolean", "extension.")
    if (item := found.get(INTERPRETER_NEEDED)) is not None:
        answer = reading.coding(item, "valueCoding", "extension.")
        return None if answer is None else _YES_OR_NO.get(answer.code)
    return None

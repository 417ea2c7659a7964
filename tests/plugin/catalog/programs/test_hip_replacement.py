"""Rehabilitation after hip replacement: a year in the life of one patient, day by day (DESIGN §8)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from plugin.catalog.loader import PROGRAM, FileCatalog
from plugin.domain.assess import assess
from plugin.domain.assessment import Assessment, EffectKind, Status
from plugin.domain.calendar import Practice
from plugin.domain.program import Program
from plugin.domain.record import Record, Said, Statement
from plugin.domain.rules import Rules
from tests.charts import LOINC, P1, Json, booking, concept, patient, plan, record_of, result, visit

OPERATION = date(2026, 1, 5)
ZONE = ZoneInfo("America/Chicago")
THERAPY, FOLLOW_UP = concept("91251008"), concept("390906007")
STITCHES, MEDICATION = concept("30549001"), concept("182836005")
PAIN, HAEMOGLOBIN = concept("72514-3", system=LOINC), concept("718-7", system=LOINC)


def hip_replacement() -> Program:
    """As it is shipped."""
    catalog = FileCatalog()
    (version,) = [v for v in catalog.shipped() if v.kind == PROGRAM and v.code == "hip-replacement"]
    return catalog.program(version)


RULES = Rules(Practice(ZONE), (hip_replacement(),))


def day(number: int) -> str:
    """So many days after the operation."""
    return (OPERATION + timedelta(days=number)).isoformat()


def moment(number: int, hour: int = 12) -> datetime:
    """On that day, in the practice's zone."""
    return datetime.fromisoformat(f"{day(number)}T{hour:02}:00:00").replace(tzinfo=ZONE)


def came(number: int, code: Json, status: str = "fulfilled") -> Json:
    """An appointment of that day, with its outcome."""
    return booking(f"{day(number)}T15:00:00Z", status, id_=f"a{number}", on=None, serviceType=[code])


@dataclass
class Life:
    """A chart that grows. ``seen`` is what a clinician saw each time that something changed."""

    chart: list[Json]
    said: list[Statement] = field(default_factory=list)
    record: Record = field(default_factory=lambda: Record(P1["reference"], "bundle"))
    now: datetime = field(default_factory=lambda: moment(0))
    ledger: dict[str, str] = field(default_factory=dict)

    def until(self, number: int) -> Assessment:
        """Lives on to noon of that day: assesses at each moment that was foreseen, and on each day; nothing changes but
        when it was foreseen."""
        end = moment(number)
        self.record = record_of(self.chart, self.said)
        found = self._look()
        while self.now < end:
            ahead = found.next_change_at or datetime.max.replace(tzinfo=UTC)
            tomorrow = self.now + timedelta(days=1)
            is_foreseen = ahead <= min(tomorrow, end)
            self.now = ahead if is_foreseen else min(tomorrow, end)
            before, found = found, self._look()
            assert is_foreseen or statuses(before) == statuses(found)
        return found

    def _look(self) -> Assessment:
        found = assess(self.record, RULES, self.now)
        for effect in found.wanted:
            if effect.kind is not EffectKind.WRITE:
                self.ledger.setdefault(effect.key, f"{effect.kind.value} {effect.what}")
        return found

    def began(self) -> list[str]:
        """What has come to be wanted since this was asked last, but for the writes."""
        names, self.ledger = sorted(self.ledger.values()), dict.fromkeys(self.ledger, "")
        return [name for name in names if name]


def statuses(found: Assessment) -> dict[str, str]:
    """By step, and by turn where it repeats."""
    return {name: milestone.status.value for name, milestone in _named(found)}


def tiers(found: Assessment) -> dict[str, int]:
    """Of what is past due."""
    return {name: milestone.tier for name, milestone in _named(found) if milestone.tier}


def _named(found: Assessment) -> Iterator[tuple[str, Any]]:
    for milestone in found.milestones:
        turn = f" {milestone.iteration}" if milestone.repeats else ""
        yield f"{milestone.program_code}{turn}", milestone


def alerts(found: Assessment) -> list[str]:
    """The flags that hold."""
    return [alert.code for plan_ in found.plans for alert in plan_.alerts]


def a_life(**person: Any) -> Life:
    """From the day of the operation."""
    claimed = plan(
        start=OPERATION.isoformat(),
        instantiatesCanonical=["https://milepost.example/PlanDefinition/hip-replacement"],
        meta={"lastUpdated": f"{OPERATION}T12:00:00Z"},
    )
    return Life([patient(**person), claimed])


def test_what_is_due_when() -> None:
    """A session a week from the second week on, stitches in the second, the reviews at six weeks and a year."""
    found = a_life().until(0)

    windows = {name: ((m.opens - OPERATION).days, (m.due - OPERATION).days) for name, m in _named(found) if m.opens}
    assert windows == {
        "wound-check": (10, 14),
        "clot-prevention": (28, 42),
        **{f"therapy {n}": (7 * n, 7 * n + 6) for n in range(1, 7)},
        "six-week-review": (35, 56),
        "one-year-review": (334, 396),
    }
    assert set(statuses(found).values()) == {"upcoming"}


def test_the_first_two_months() -> None:
    """A session that is missed and a review that is forgotten climb the ladder; strong pain alerts at once, and again when
    it comes back; the review is congratulated when it is made good."""
    life = a_life()

    life.chart.append(came(12, STITCHES))
    assert statuses(life.until(13))["wound-check"] == "completed"
    for week in range(1, 5):
        life.chart.append(came(7 * week + 2, THERAPY, "noshow" if week == 3 else "fulfilled"))
    found = life.until(27)
    assert [statuses(found)[f"therapy {n}"] for n in range(1, 5)] == ["completed", "completed", "ready", "scheduled"]
    assert life.began() == ["message appointment-missed"]

    life.chart.append(result(day(29), PAIN, id_="pain-1", valueQuantity={"value": 8}))
    found = life.until(30)
    assert (alerts(found), life.began()) == (["strong-pain"], ["message overdue", "work alert"])
    life.chart.append(result(day(31), PAIN, id_="pain-2", valueQuantity={"value": 3}))
    assert alerts(life.until(32)) == []
    life.chart.append(result(day(33), PAIN, id_="pain-3", valueQuantity={"value": 7}))
    assert (alerts(life.until(34)), life.began()) == (["strong-pain"], ["work alert"])
    assert alerts(life.until(47)) == ["strong-pain"]
    assert alerts(life.until(48)) == []

    life.chart += [came(38, THERAPY), came(40, MEDICATION), came(45, THERAPY)]
    found = life.until(50)
    assert (statuses(found)["clot-prevention"], tiers(found)) == ("completed", {"therapy 3": 3})
    life.began()

    assert statuses(life.until(56))["six-week-review"] == "ready"
    assert tiers(life.until(57)) == {"therapy 3": 3, "six-week-review": 1}
    life.chart.append(came(60, FOLLOW_UP))
    found = life.until(61)
    assert (statuses(found)["six-week-review"], statuses(found)["on-own-feet"]) == ("completed", "upcoming")
    assert life.began() == ["message milestone-reached", "message overdue"]


def test_the_rest_of_the_year() -> None:
    """The step after the review waits for it, is forgotten, climbs, and is done by a person's word; the review at a year is
    done when somebody has looked."""
    life = a_life()
    life.chart += [came(12, STITCHES), came(40, MEDICATION), came(41, FOLLOW_UP)]
    life.chart += [came(7 * week + 2, THERAPY) for week in range(1, 7)]
    assert statuses(life.until(50))["on-own-feet"] == "upcoming"
    assert life.began() == ["message milestone-reached"]

    found = life.until(55)
    feet = next(m for name, m in _named(found) if name == "on-own-feet")
    assert (feet.status, feet.opens, feet.due) == (Status.READY, moment(55).date(), moment(83).date())
    assert tiers(life.until(84)) == {"on-own-feet": 1}
    life.until(114)
    assert life.began() == ["message overdue", "notice overdue", "report clinical-review", "work overdue"]
    life.said.append(Statement(id="s1", said=Said.COMPLETED, by="nurse", at=moment(115), milestone=feet.key))
    assert (tiers(life.until(116)), life.began()) == ({}, ["message milestone-reached"])

    assert statuses(life.until(333))["one-year-review"] == "upcoming"
    life.chart.append(came(360, FOLLOW_UP))
    found = life.until(361)
    review = next(m for name, m in _named(found) if name == "one-year-review")
    assert (review.status, review.reason, life.began()) == (Status.IN_REVIEW, "awaiting-review", ["work review-result"])
    life.said.append(Statement(id="s2", said=Said.REVIEWED, by="dr", at=moment(365), milestone=review.key))
    found = life.until(366)
    assert set(statuses(found).values()) == {"completed"}
    assert (found.plans[0].stage, found.next_change_at) == ("closure", None)


def test_who_is_at_risk_from_the_first_day() -> None:
    """Three chronic conditions, an interpreter needed: two flags, two alerts; a low haemoglobin makes three."""
    interpreter = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
    life = a_life(extension=[{"url": interpreter, "valueBoolean": True}])
    life.chart += [ill(code, id_=f"c{n}") for n, code in enumerate(("44054006", "38341003", "38341003"))]
    assert alerts(life.until(1)) == ["interpreter"]

    life.chart.append(ill("84114007", id_="c9"))
    found = life.until(2)
    assert (alerts(found), found.plans[0].risk) == (["several-conditions", "interpreter"], 2)
    assert life.began() == ["work alert", "work alert"]

    life.chart.append(result(day(3), HAEMOGLOBIN, id_="hb", valueQuantity={"value": 7.6, "unit": "g/dL"}))
    assert alerts(life.until(4)) == ["anaemia", "several-conditions", "interpreter"]
    assert alerts(life.until(33)) == ["anaemia", "several-conditions", "interpreter"]
    assert alerts(life.until(34)) == ["several-conditions", "interpreter"]


def ill(code: str, *, id_: str) -> Json:
    """An active Condition."""
    active = concept("active", system="http://terminology.hl7.org/CodeSystem/condition-clinical")
    return {"resourceType": "Condition", "id": id_, "subject": P1, "code": concept(code), "clinicalStatus": active}


@pytest.mark.parametrize("number", range(7, 49))
def test_one_kept_session_is_one_turn(number: int) -> None:
    """Whatever the day: the turn whose week it is."""
    found = assess(record_of([*a_life().chart, came(number, THERAPY)]), RULES, moment(50))

    done = [name for name, status in statuses(found).items() if status == "completed"]
    assert done == [f"therapy {number // 7}"]


def test_a_visit_of_another_kind_is_no_session() -> None:
    """E5: it may have been one: a person must look."""
    found = assess(record_of([*a_life().chart, visit(day(15))]), RULES, moment(16))

    assert statuses(found)["therapy 2"] == "in-review"

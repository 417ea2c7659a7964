"""Who sees what of the panel, and its states."""

from dataclasses import replace

import pytest

from plugin.domain.assessment import Evidence, Status, Strength
from plugin.domain.permissions import Data
from plugin.domain.record import (
    Coding,
    Concept,
    Event,
    Moment,
)
from tests.panel_file import TODAY, a_contact, a_step, on_time, shown


def test_billing_sees_no_results() -> None:
    """Scores, values, measured goals and notes are not in its panel, and it is said so."""
    score = Event(
        ref="Observation/o1", subject="Patient/p1", status="final", start=Moment("2026-06-09"), value=21.0,
        concepts=(Concept((Coding("http://loinc.org", "44261-6"),), "PHQ-9 total"),),
    )  # fmt: skip
    done = on_time(status=Status.COMPLETED, evidence=(Evidence("Observation/o1", Strength.CODED, TODAY),))
    said = (a_contact(note="private words", reason="fear"),)

    seen = shown(a_step(), done, facts=(score,), said=said, roles=("provider",))
    panel = shown(a_step(), done, facts=(score,), said=said, roles=("billing",))

    assert [series.points[-1].value for series in seen.scores] == [21.0]
    assert panel.hidden == (Data.RESULTS, Data.NOTES)
    assert panel.scores == ()
    for hidden in ("21", "PHQ-9 total", "private words", "fear"):
        assert hidden not in repr(panel)
        assert hidden in repr(seen)


def test_an_administrator_sees_no_patient_data() -> None:
    """Only who it is, so that the wrong chart is noticed."""
    panel = shown(a_step(), roles=("administrator",))

    assert panel.strip.name == "Test-Rivera, Ana"
    assert (panel.plans, panel.attention, panel.lately) == ((), (), ())
    assert Data.PLAN in panel.hidden


@pytest.mark.parametrize(("on", "count"), [("2026-05-22", 0), ("2026-05-23", 1), ("2026-06-22", 1)])
def test_a_word_of_distress(on: str, count: int) -> None:
    """An answer above 0 about death or self-harm stands above everything for 30 days (DESIGN §6)."""
    item = Event(
        ref="Observation/o1", subject="Patient/p1", status="final", start=Moment(on), value=1.0,
        concepts=(Concept((Coding("http://loinc.org", "44260-8"),)),),
    )  # fmt: skip

    assert len(shown(facts=(item,)).crises) == count
    assert shown(facts=(replace(item, value=0.0),)).crises == ()

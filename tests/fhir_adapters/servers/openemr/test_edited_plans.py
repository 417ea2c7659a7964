"""Tests of milestones of an OpenEMR's plans over time: what saving the form does to them, and what it must not do."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from zoneinfo import ZoneInfo

from fhir_adapters.servers.openemr.mapping import Clinic, as_r4
from plugin.domain.record import KnownStep, Said
from plugin.domain.rules import SourceTraits
from tests.charts import Look, look, patient, said
from tests.openemr_recordings import recording

NEW_YORK = "America/New_York"
CLINIC = Clinic(ZoneInfo(NEW_YORK), "https://emr.example/apis/default/fhir")
TRAITS = SourceTraits(steps_have_no_status=True, encounters_always_finished=True)
WHO = "a3485482-5bdc-4298-9df7-4fc70bedd4b5"
Json = dict[str, Any]


def plan(number: int = 366) -> Json:
    """Three lines: to recheck the pressure, a diet referral, an A1c; the last one with a code."""
    return deepcopy(recording(number).resources[0])


def seen(form: Json, *, before: Look | None = None, said_so: tuple[Any, ...] = ()) -> Look:
    """The milestones of a plan, after those that were stored."""
    stored = [] if before is None else before.kept()
    kept = ("key", "plan", "iteration", "title", "source", "codes", "opens", "due")
    known = [KnownStep(status=m.status.value, **{name: getattr(m, name) for name in kept}) for m in stored]
    return look(
        [patient(WHO), as_r4(form, CLINIC)],
        "2026-11-22",
        zone=NEW_YORK,
        known=known,
        statements=said_so,
        traits=TRAITS,
        who=f"Patient/{WHO}",
    )


def keys(found: Look) -> dict[str, str]:
    return {m["title"]: m["key"] for m in found.milestones if m["reason"] != "removed-from-plan"}


def test_a_form_that_was_saved_again_keeps_every_milestone() -> None:
    """OpenEMR 8.2 deletes and inserts all lines, and they come back in any order."""
    before = seen(plan())
    form = plan()
    form["activity"].reverse()

    assert len(keys(before)) == 3
    assert keys(seen(form, before=before)) == keys(before)


def test_a_line_that_was_moved_keeps_its_milestone_and_what_was_said_of_it() -> None:
    """The commonest edit there is."""
    before = seen(plan())
    hold = said(Said.HOLD, keys(before)["B: diet referral"])
    form = plan()
    form["activity"][1]["detail"]["scheduledString"] = "2027-01-15 00:00:00"

    after = seen(form, before=before, said_so=(hold,))
    moved = next(m for m in after.milestones if m["title"] == "B: diet referral")

    assert (moved["key"], moved["due"], moved["status"]) == (keys(before)["B: diet referral"], "2027-01-15", "on-hold")


def test_a_line_whose_words_were_corrected_keeps_its_milestone() -> None:
    """With a code and without one; its hold is not lost."""
    before = seen(plan())
    hold = said(Said.HOLD, keys(before)["B: diet referral"])
    form = plan()
    form["activity"][1]["detail"]["description"] = "B: diet referral to Ms. Poe"
    form["activity"][2]["detail"]["description"] = "C: A1c, fasting"

    after = seen(form, before=before, said_so=(hold,))

    assert {m["key"]: m["status"] for m in after.milestones}[keys(before)["B: diet referral"]] == "on-hold"
    assert sorted(keys(after).values()) == sorted(keys(before).values())


def test_a_line_that_was_replaced_is_another_milestone() -> None:
    """Another thing to be done: what was said of the old one is not said of it."""
    before = seen(plan())
    form = plan()
    form["activity"][1]["detail"]["description"] = "Eye exam"

    after = seen(form, before=before)

    assert keys(after)["Eye exam"] not in keys(before).values()
    assert next(m for m in after.milestones if m["title"] == "B: diet referral")["reason"] == "removed-from-plan"


def test_a_plan_that_was_closed_whole_completes_no_step() -> None:
    """Recordings 366, 367: one line was taken away, one moved, and the first marked completed, which made the plan and all
    its open lines completed: somebody must look (SEMANTICS S8)."""
    before = seen(plan())

    after = seen(plan(367), before=before)
    by_title = {m["title"]: m for m in after.milestones}

    assert by_title["B: diet referral"]["reason"] == "removed-from-plan"
    assert {by_title[title]["status"] for title in ("A: recheck BP", "Hemoglobin A1c")} == {"in-review"}
    assert by_title["Hemoglobin A1c"]["due"] == "2027-03-01"
    assert keys(after).items() <= keys(before).items()

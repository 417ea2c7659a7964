"""PHQ-9, GAD-7 and PCL-5 over time, as results and as answered questionnaires; some end at 0, some do not move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from deploy.demo.generator.chart import Chart
from deploy.demo.generator.evidence import SURVEY_CATEGORY
from deploy.demo.generator.fhir import LOINC, PRACTICE, Json, at, coding, concept, days, reference
from deploy.demo.generator.layouts import Layout
from deploy.demo.generator.showcase import SHOWCASE, takes
from deploy.demo.generator.steps import PHQ9

EVERY_WEEKS = 4
MOST = 4
ANSWERS = (
    coding(LOINC, "LA6568-5", "Not at all"),
    coding(LOINC, "LA6569-3", "Several days"),
    coding(LOINC, "LA6570-1", "More than half the days"),
    coding(LOINC, "LA6571-9", "Nearly every day"),
)


@dataclass(frozen=True)
class Questionnaire:
    """An instrument, with the courses that its totals take; `items` are its questions, where a form is made of them."""

    name: str
    code: str
    display: str
    courses: tuple[tuple[str, tuple[int, ...]], ...]
    items: tuple[str, ...] = ()


PHQ_9 = Questionnaire(
    "PHQ-9",
    PHQ9.code,
    PHQ9.display,
    (
        ("down to 0", (14, 6, 0, 0)),
        ("half gone", (17, 12, 8, 7)),
        ("no change", (13, 14, 13, 14)),
    ),
    ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"),
)
GAD_7 = Questionnaire(
    "GAD-7",
    "70274-6",
    "Generalized anxiety disorder 7 item (GAD-7) total score [Reported.PHQ]",
    (("improving", (12, 9, 7, 5)), ("worse", (6, 8, 11, 12))),
    ("69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"),
)
PCL_5 = Questionnaire(
    "PCL-5",
    "101698-9",
    "PTSD PCL-5 score [PCL-5]",
    (("improving", (44, 38, 30, 27)), ("no change", (36, 37, 36, 35))),
)


def add_scores(chart: Chart, layout: Layout) -> None:
    """What this patient is asked; where the plan itself asks for a PHQ-9, those here are from before it began."""
    asked_by_plan = any(slot.item is PHQ9 for slot in layout)
    if takes(chart, 4, 0):
        add_series(chart, PHQ_9, days_of(chart, only_before=asked_by_plan), as_form=chart.number % 8 == 4)
    if takes(chart, 6, 1):
        add_series(chart, GAD_7, days_of(chart), as_form=chart.number % 12 in (1, SHOWCASE))
    if takes(chart, 10, 3):
        add_series(chart, PCL_5, days_of(chart))


def days_of(chart: Chart, *, only_before: bool = False) -> list[date]:
    """Two weeks before the plan began, then every four weeks; at most four, nothing in the future."""
    first = min(chart.start, chart.run.today) - days(14)
    step = days(7 * EVERY_WEEKS)
    if only_before:
        return [first - step * number for number in (2, 1, 0)]
    return [day for day in (first + step * number for number in range(MOST)) if day <= chart.run.yesterday]


def add_series(chart: Chart, asked: Questionnaire, on_days: Sequence[date], *, as_form: bool = False) -> None:
    """One course; the showcase's PHQ-9 ends at 0. A form has its total, or the answers alone, which make it up."""
    name, totals = asked.courses[0 if chart.number == SHOWCASE else chart.number // 4 % len(asked.courses)]
    for number, (day, total) in enumerate(zip(on_days, totals, strict=False)):
        if as_form:
            add_form(chart, asked, day, total, with_total=number % 2 == 0)
        else:
            add_total(chart, asked, day, total)
    chart.count("score", f"{asked.name}, {name}")
    chart.count("score", f"(of these, as {'questionnaires' if as_form else 'results'})")


def add_total(chart: Chart, asked: Questionnaire, day: date, total: int) -> None:
    """A final result with the total."""
    body = {
        "status": "final",
        "category": [SURVEY_CATEGORY],
        "code": concept(coding(LOINC, asked.code, asked.display), text=asked.name),
        "subject": reference(chart.patient),
        "effectiveDateTime": at(day, 9, 40),
        "valueInteger": total,
    }
    chart.count("evidence", "Observation final")
    chart.add("Observation", body)


def add_form(chart: Chart, asked: Questionnaire, day: date, total: int, *, with_total: bool) -> None:
    """Every question answered; the last one, which a PHQ-9 asks about self-harm, as lightly as the total allows."""
    answers = answers_to(asked, total)
    item: list[Json] = [
        {"linkId": f"/{code}", "answer": [{"valueCoding": ANSWERS[answer]}]}
        for code, answer in zip(asked.items, answers, strict=True)
    ]
    if with_total:
        item.append({"linkId": f"/{asked.code}", "text": "Total score", "answer": [{"valueInteger": total}]})
    body = {
        "questionnaire": f"{PRACTICE}/Questionnaire/{asked.name.lower()}",
        "status": "completed",
        "subject": reference(chart.patient),
        "authored": at(day, 9, 30),
        "source": reference(chart.patient),
        "item": item,
    }
    chart.count("evidence", "QuestionnaireResponse completed")
    chart.add("QuestionnaireResponse", body)


def answers_to(asked: Questionnaire, total: int) -> list[int]:
    """Answers that make up a total: spread evenly, what is left over on the first questions."""
    each, left = divmod(total, len(asked.items))
    return [each + (place < left) for place in range(len(asked.items))]

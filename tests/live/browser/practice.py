"""The charts that the browser opens: a few of the demo's practice, and some that no practice has on purpose."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from deploy.demo.generator.fhir import PRACTICE, TAG_SYSTEM
from deploy.demo.generator.load import load, post, target
from deploy.demo.generator.stream import generate, transaction
from deploy.demo.generator.tally import Tally

PATIENTS = 4
LONG_PLAN = 200
ACTED_IN = ("place", "keyboard", "field", "late", "away")
"""Charts in which somebody acts, one for each test, so that the others stay as they are."""
IN_PROGRAM = (10, 40, 50, 60, 80, 120)
"""Days since the chronic care program of a patient began; one patient each."""
DEFINITION = "https://milepost.example/PlanDefinition/chronic-care"
CANARY = "canary.example"
"""A host that nobody has; what is asked of it was asked by markup in a chart."""

Json = dict[str, Any]  # Any: FHIR's own JSON

MARKUP: Mapping[str, str] = {
    "name": f"<img src=//{CANARY}/a onerror=alert(1)>",
    "plan": f'"><script src="//{CANARY}/b"></script>',
    "step": f"<svg onload=fetch('//{CANARY}/c')>",
    "code": f"{{{{7*7}}}}<iframe srcdoc='<img src=//{CANARY}/d>'>",
    "goal": "<a href=javascript:alert(5)>here</a>",
}
"""By where in the chart it stands."""

SCRIPTS: Mapping[str, str] = {
    "Arabic": "\u0645\u0631\u064a\u0645 \u0627\u0644\u062a\u062c\u0631\u064a\u0628\u064a\u0629",
    "Hebrew": "\u05d1\u05d3\u05d9\u05e7\u05ea \u05d3\u05dd",
    "Devanagari": "\u0930\u0915\u094d\u0924 \u092a\u0930\u0940\u0915\u094d\u0937\u093e",
    "Chinese": "\u8840\u6db2\u68c0\u67e5",
    "Thai": "\u0e15\u0e23\u0e27\u0e08\u0e40\u0e25\u0e37\u0e2d\u0e14",
    "Polish": "Za\u017c\u00f3\u0142\u0107 g\u0119\u015bl\u0105 ja\u017a\u0144",
    "combining": "Z\u0351\u036ba\u0317\u0321lg\u0302\u0308o",
}
"""A name, and titles of steps; the first is the patient's."""


@dataclass(frozen=True)
class Practice:
    """Ids of patients, by what is to be seen in their charts."""

    tag: str
    showcase: str
    other: str
    """Another chart with a plan: B beside A."""
    markup: str
    scripts: str
    nothing: str
    long: str

    def acted_in(self, by: str) -> str:
        """The chart of one of ``ACTED_IN``: four steps, one of them late."""
        assert by in ACTED_IN
        return f"{self.tag}-acted-{by}"

    def in_program(self, days: int) -> str:
        """The chart of one of ``IN_PROGRAM``, in which nothing of the program has happened yet."""
        assert days in IN_PROGRAM
        return f"{self.tag}-program-{days}"

    def needles(self, patient: str) -> tuple[str, ...]:
        """What tells that something is this patient's, wherever it turns up."""
        number = patient.rpartition("-")[2]
        return (patient, f"{self.tag}-SYN-{number}", f"Sampleton-{number[-4:]}")


def entered(base: str, tag: str, today: date) -> Practice:
    """All of it, in the FHIR server at ``base``."""
    server, tally = target(base), Tally()
    for _ in load(server, generate(today, PATIENTS, tag=tag, tally=tally)):
        pass
    special = {name: f"{tag}-{name}" for name in ("markup", "scripts", "nothing", "long")}
    made = [*_with_markup(special["markup"], today), *_with_scripts(special["scripts"], today)]
    made += [_patient(special["nothing"], "Leerfall"), _plan(special["nothing"], "Plan without a step", [], today)]
    steps = [_step(f"Step {number}", today + timedelta(days=number - 20)) for number in range(LONG_PLAN)]
    made += [_patient(special["long"], "Langfall"), _plan(special["long"], "A long plan", steps, today)]
    for by in ACTED_IN:
        id_ = f"{tag}-acted-{by}"
        four = [_step(f"Visit {place}", today + timedelta(days=30 * place - 20)) for place in range(4)]
        made += [_patient(id_, f"Testfall {by}"), _plan(id_, "Four visits", four, today)]
    for days in IN_PROGRAM:
        id_, begun = f"{tag}-program-{days}", {"start": (today - timedelta(days=days)).isoformat()}
        plan = _plan(id_, "Chronic care", [], today) | {"instantiatesCanonical": [DEFINITION], "period": begun}
        made += [_patient(id_, f"Programfall {days}"), plan]
    for resource in made:
        resource["meta"] = {"tag": [{"system": TAG_SYSTEM, "code": tag}]}
    post(server, transaction(made))
    showcase = (tally.showcase or "").removeprefix("Patient/")
    return Practice(tag, showcase, showcase[:-1] + "0", **special)


def _with_markup(id_: str, today: date) -> list[Json]:
    task = f"{id_}-task"
    activities = [_step(MARKUP["code"], today - timedelta(days=20)), {"reference": {"reference": f"Task/{task}"}}]
    goal = {
        "resourceType": "Goal",
        "id": f"{id_}-goal",
        "lifecycleStatus": "active",
        "description": {"text": MARKUP["goal"]},
        "subject": {"reference": f"Patient/{id_}"},
    }
    plan = _plan(id_, MARKUP["plan"], activities, today) | {"goal": [{"reference": f"Goal/{id_}-goal"}]}
    ordered = {
        "resourceType": "Task",
        "id": task,
        "status": "requested",
        "intent": "order",
        "description": MARKUP["step"],
        "for": {"reference": f"Patient/{id_}"},
        "restriction": {"period": {"end": (today - timedelta(days=9)).isoformat()}},
    }
    narrative = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Narrative</div>'}
    return [_patient(id_, MARKUP["name"]) | {"text": narrative}, goal, ordered, plan]


def _with_scripts(id_: str, today: date) -> list[Json]:
    first, *others = SCRIPTS.values()
    steps = [_step(title, today + timedelta(days=7 * place - 14)) for place, title in enumerate(others)]
    return [_patient(id_, first), _plan(id_, "Plan", steps, today)]


def _patient(id_: str, family: str) -> Json:
    number = {"system": f"{PRACTICE}/mrn", "value": f"{id_}-SYN-1"}
    return {
        "resourceType": "Patient",
        "id": id_,
        "active": True,
        "identifier": [number],
        "name": [{"family": family}],
        "birthDate": "1961-04-05",
    }


def _plan(id_: str, title: str, activities: list[Json], today: date) -> Json:
    return {
        "resourceType": "CarePlan",
        "id": f"{id_}-plan",
        "status": "active",
        "intent": "plan",
        "title": title,
        "subject": {"reference": f"Patient/{id_}"},
        "period": {"start": (today - timedelta(days=60)).isoformat()},
        **({"activity": activities} if activities else {}),
    }


def _step(title: str, due: date) -> Json:
    detail = {"kind": "Task", "status": "not-started", "code": {"text": title}}
    return {"detail": {**detail, "scheduledPeriod": {"end": due.isoformat()}}}

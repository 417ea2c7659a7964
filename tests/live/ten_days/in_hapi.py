"""The same acts in a clinic whose EHR is a HAPI: clean resources, with a status of each step, visit and order of its
own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests

from tests.live.ten_days import acts
from tests.live.ten_days.acts import Act, Row
from tests.servers import FhirTag

Json = dict[str, Any]  # Any: FHIR's own JSON

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
MRN = f"{TERMINOLOGY}/v2-0203"
"""OpenEMR 8.2 gives the chart's number this system, and so the practice's other records have it, too."""
ON_THE_BOARD = {"arrived": "arrived", "gone": "fulfilled", "missed": "noshow"}
_SYSTEMS = {"SNOMED-CT": "http://snomed.info/sct", "LOINC": "http://loinc.org", "": "http://snomed.info/sct"}
_CHECK_UP = {"system": "http://snomed.info/sct", "code": "185349003"}


@dataclass
class InHapi:
    """One clinic, kept apart from others by its tag. ``types`` is the system of the calendar's categories; ``stamps`` says
    when each version came to be by the script's clock, since HAPI's own is another."""

    base: str
    tag: FhirTag
    clock: Callable[[], datetime]
    zone: ZoneInfo
    types: str
    resources: dict[str, Json] = field(default_factory=dict)
    stamps: dict[tuple[str, str], datetime] = field(default_factory=dict)
    session: requests.Session = field(default_factory=requests.Session)
    together: list[Json] | None = None
    """What is kept back, to be written in one transaction."""

    def __post_init__(self) -> None:
        self.session.trust_env = False

    def open(self) -> None:
        """The practice with its staff."""
        for name in (acts.LEE, acts.NORA):
            self._put("Practitioner", name, name=[{"family": f"Demo-{name.title()}", "given": ["Demo"]}])

    def owners(self) -> dict[str, str]:
        """The script's names of the staff, by the id that they have here."""
        return {self._id(name): name for name in (acts.LEE, acts.NORA)}

    def names(self) -> dict[str, str]:
        """Likewise of the patients."""
        return {ref.partition("/")[2]: self._name(ref) for ref in self.resources if ref.startswith("Patient/")}

    def seen(self, raw: Mapping[str, Any]) -> datetime | None:  # Any: JSON
        """When a version came to be, by the script's clock."""
        return self.stamps.get((f"{raw.get('resourceType')}/{raw.get('id')}", str(raw["meta"].get("versionId"))))

    def do(self, act: Act) -> None:
        """It is done, now."""
        match act:
            case acts.Book() | acts.Mark() | acts.MarkTheOldWay() | acts.Cancel() | acts.Move() | acts.Remove():
                self._at_the_desk(act)
            case acts.WritePlan() | acts.SavePlan() | acts.DoFirst() | acts.DeletePlan():
                self._in_the_plan(act)
            case acts.See() | acts.Finish():
                self._in_the_room(act)
            case acts.Result():
                self._result(act)
            case acts.Assign():
                self._put(
                    "Task",
                    f"{act.who}-task",
                    status="requested",
                    intent="order",
                    description=act.title,
                    basedOn=[self._to("CarePlan", act.who)],
                    owner=self._to("Practitioner", acts.NORA),
                    restriction={"period": {"end": act.due.isoformat()}},
                    **{"for": self._to("Patient", act.who)},
                )
            case acts.Register():
                self.register(act)
            case acts.Rename():
                self._change("Patient", act.who, name=[{"family": act.family, "given": [act.who]}])
            case acts.Die():
                self._change("Patient", act.who, deceasedDateTime=self._now())
            case acts.LoadCode() | acts.Renumber():
                """Nothing of OpenEMR's insides is known here."""

    def register(self, act: acts.Register) -> None:
        """Also used for a store beside OpenEMR, which has the practice's patients and nothing else of them."""
        name = {"family": f"Sampleton-{act.who}", "given": [act.who]}
        number = {"system": MRN, "value": f"SYN-{act.who}"}
        self._put("Patient", act.who, identifier=[number], name=[name], birthDate=act.born.isoformat())

    # ------------------------------------------------------------------------------------------------------ the calendar
    def _at_the_desk(
        self, act: acts.Book | acts.Mark | acts.MarkTheOldWay | acts.Cancel | acts.Move | acts.Remove
    ) -> None:
        match act:
            case acts.Book():
                for number in range(act.weekly):
                    name = act.visit if number == 0 else f"{act.visit} week {number + 1}"
                    self._book(act, name, act.day + timedelta(weeks=number))
            case acts.Mark():
                self._change("Appointment", act.visit, status=ON_THE_BOARD[act.as_])
            case acts.MarkTheOldWay():
                self._change("Appointment", act.visit, status="noshow")
            case acts.Cancel():
                self._change("Appointment", act.visit, status="cancelled")
            case acts.Move():
                start = datetime.combine(act.day, act.start, self.zone)
                end = datetime.combine(act.day, act.start, self.zone) + timedelta(minutes=30)
                self._change("Appointment", act.visit, start=start.isoformat(), end=end.isoformat())
            case acts.Remove():
                self._delete("Appointment", act.visit)

    def _book(self, act: acts.Book, name: str, day: date) -> None:
        start = datetime.combine(day, act.start)
        end = start + timedelta(minutes=act.minutes)
        self._put(
            "Appointment",
            name,
            status="booked",
            appointmentType={"coding": [{"system": self.types, "code": "established_patient"}]},
            start=start.replace(tzinfo=self.zone).isoformat(),
            end=end.replace(tzinfo=self.zone).isoformat(),
            participant=[
                {"actor": self._to("Patient", act.who), "status": "accepted"},
                {"actor": self._to("Practitioner", acts.LEE), "status": "accepted"},
            ],
        )

    def _in_the_room(self, act: acts.See | acts.Finish) -> None:
        if isinstance(act, acts.Finish):
            ended = {**self.resources[f"Encounter/{self._id(act.note)}"]["period"], "end": self._now()}
            self._change("Encounter", act.note, status="finished", period=ended)
            return
        more = {"appointment": [self._to("Appointment", act.of)]} if act.of else {}
        self._encounter(act.who, act.note, status="finished" if act.over else "in-progress", **more)

    def _encounter(self, who: str, note: str, *, status: str = "finished", **more: Any) -> None:
        self._put(
            "Encounter",
            note,
            status=status,
            **{"class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": "AMB"}},
            type=[{"coding": [_CHECK_UP]}],
            subject=self._to("Patient", who),
            period={"start": self._now()},
            **more,
        )

    # ---------------------------------------------------------------------------------------------------------- the plan
    def _in_the_plan(self, act: acts.WritePlan | acts.SavePlan | acts.DoFirst | acts.DeletePlan) -> None:
        if isinstance(act, acts.DeletePlan):
            self._delete("CarePlan", act.who)
            return
        if isinstance(act, acts.WritePlan):
            self._encounter(act.who, f"{act.who} plan")
        goals = act.goals if isinstance(act, acts.SavePlan) else ()
        for number, text in enumerate(goals):
            self._goal(act.who, number, text)
        status = act.status if isinstance(act, acts.SavePlan) else "active"
        category = {"system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "code": "assess-plan"}
        self._put(
            "CarePlan",
            act.who,
            status=status,
            intent="plan",
            category=[{"coding": [category]}],
            subject=self._to("Patient", act.who),
            author=self._to("Practitioner", act.rows[0].by),
            encounter=self._to("Encounter", f"{act.who} plan"),
            period={"start": self._at_nine(act.rows[0].begins)},
            goal=[self._to("Goal", f"{act.who}-{number}") for number in range(len(goals))],
            activity=[
                self._activity(row, is_done=status == "completed" or (isinstance(act, acts.DoFirst) and place == 0))
                for place, row in enumerate(act.rows)
            ],
        )

    def _activity(self, row: Row, *, is_done: bool) -> Json:
        coding = [_coding(row.code)] if row.code else []
        period = {"start": self._at_nine(row.begins)} | ({"end": row.due.isoformat()} if row.due else {})
        return {
            "id": row.id,
            "detail": {
                **({"code": {"coding": coding, "text": row.name}} if coding else {}),
                "status": "completed" if is_done else "in-progress",
                "scheduledPeriod": period,
                "performer": [self._to("Practitioner", row.by)],
                "description": row.text,
            },
        }

    def _goal(self, who: str, number: int, text: str) -> None:
        self._put(
            "Goal",
            f"{who}-{number}",
            lifecycleStatus="active",
            description={"text": text},
            subject=self._to("Patient", who),
        )

    def _result(self, act: acts.Result) -> None:
        at = act.at.replace(tzinfo=self.zone).isoformat() if act.at else self._now()
        self._put(
            "Observation",
            f"{act.who}-{act.code.partition(':')[2]}-{len(self.resources)}",
            status="final",
            category=[{"coding": [{"system": f"{TERMINOLOGY}/observation-category", "code": "laboratory"}]}],
            code={"coding": [_coding(act.code)]},
            subject=self._to("Patient", act.who),
            effectiveDateTime=at,
            valueQuantity={"value": float(act.value), "unit": "%"},
        )

    # ---------------------------------------------------------------------------------------------------------- over HTTP
    def _put(self, type_: str, called: str, /, **elements: Any) -> None:
        body = {"resourceType": type_, "id": self._id(called), "meta": {"tag": [self.tag.coding]}, **elements}
        ref = f"{type_}/{self._id(called)}"
        self.resources[ref] = body
        if self.together is not None:
            self.together.append(body)
            return
        answer = self.session.put(f"{self.base}/{ref}", json=body, timeout=30)
        assert answer.ok, answer.text
        self.stamps[ref, answer.json()["meta"]["versionId"]] = self.clock()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Everything that is done meanwhile is written at the end, in one transaction."""
        waiting: list[Json] = []
        self.together = waiting
        yield
        self.together = None
        refs = [f"{body['resourceType']}/{body['id']}" for body in waiting]
        entries = [
            {"resource": body, "request": {"method": "PUT", "url": ref}}
            for ref, body in zip(refs, waiting, strict=True)
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = self.session.post(self.base, json=bundle, timeout=60)
        assert answer.ok, answer.text
        for ref in refs:
            self.stamps[ref, "1"] = self.clock()

    def _change(self, type_: str, called: str, /, **elements: Any) -> None:
        kept = self.resources[f"{type_}/{self._id(called)}"]
        self._put(
            type_,
            called,
            **{part: kept[part] for part in kept if part not in ("resourceType", "id", "meta")} | elements,
        )

    def _delete(self, type_: str, name: str) -> None:
        """HAPI 8.8 answers 409 (HAPI-0826) now and then where a resource was written a moment ago: once more, then."""
        ref = f"{type_}/{self._id(name)}"
        while (answer := self.session.delete(f"{self.base}/{ref}", timeout=30)).status_code == requests.codes.conflict:
            continue
        assert answer.ok, answer.text
        del self.resources[ref]

    def _to(self, type_: str, name: str) -> Json:
        return {"reference": f"{type_}/{self._id(name)}"}

    def _id(self, name: str) -> str:
        return f"{self.tag.code[:10]}-{name.replace(' ', '-')}"

    def _name(self, ref: str) -> str:
        return ref.partition("-")[2]

    def _now(self) -> str:
        return self.clock().astimezone(self.zone).isoformat(timespec="seconds")

    def _at_nine(self, day: date) -> str:
        return datetime(day.year, day.month, day.day, 9, tzinfo=self.zone).isoformat()


def _coding(code: str) -> Json:
    prefix, _, bare = code.rpartition(":")
    return {"system": _SYSTEMS[prefix], "code": bare}

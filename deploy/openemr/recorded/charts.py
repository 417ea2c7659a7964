"""Encounters and what is written in them: the care plan form above all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from deploy.openemr.recorded.registry import Registry
from deploy.openemr.recorded.rows import (
    Answered,
    CarePlanRow,
    CareTeam,
    Document,
    Encounter,
    Form,
    Patient,
    Performed,
    Problem,
    TeamMember,
    User,
)

CARE_PLAN = "care_plan"


class Charts(Registry):
    """What a clinician does in a chart."""

    def open_encounter(
        self,
        patient: Patient,
        *,
        at: datetime | None = None,
        reason: str = "",
        provider: User | None = None,
        category: int = 5,
        eid: int | None = None,
        uuid: str | None = None,
        updated: datetime | None = None,
    ) -> Encounter:
        """A visit; ``at`` is its wall clock time."""
        encounter = Encounter(
            eid=self.number("encounter", eid),
            uuid=uuid or self.mint(),
            pid=patient.pid,
            at=at or self.now(),
            reason=reason,
            provider=provider.id if provider else None,
            facility=next(iter(self.facilities), 0),
            category=category,
            updated=updated or self.now(),
        )
        self.encounters[encounter.eid] = encounter
        return encounter

    def delete_encounter(self, encounter: Encounter) -> None:
        """With the forms in it; no tombstone."""
        del self.encounters[encounter.eid]
        for form in [form for form in self.forms.values() if form.eid == encounter.eid]:
            self.delete_form(form)

    def add_form(
        self, formdir: str, encounter: Encounter, *, user: str, form_id: int | None = None, at: datetime | None = None
    ) -> Form:
        """A form is listed in the encounter; ``created`` stays what it is, whatever is saved later."""
        form = Form(
            id=self.number("forms"),
            form_id=self.number(f"form_{formdir}", form_id),
            formdir=formdir,
            eid=encounter.eid,
            pid=encounter.pid,
            user=user,
            created=at or self.now(),
        )
        self.forms[form.id] = form
        return form

    def new_care_plan(
        self,
        encounter: Encounter,
        rows: Sequence[CarePlanRow],
        *,
        user: str = "admin",
        form_id: int | None = None,
        at: datetime | None = None,
    ) -> Form:
        """A new care plan form with its lines; in OpenEMR there is one per encounter, where nobody insists."""
        form = self.add_form(CARE_PLAN, encounter, user=user, form_id=form_id, at=at)
        self.save_care_plan(form, rows)
        return form

    def save_care_plan(self, form: Form, rows: Iterable[CarePlanRow]) -> None:
        """Saved in the form: all lines are deleted and inserted anew, so no line is the one that it was (OpenEMR 8.2,
        recordings 366 and 367). ``forms.date``, which is ``meta.lastUpdated``, does not move."""
        self.care_plans[form.form_id] = tuple(rows)

    def care_plan(self, form: Form) -> tuple[CarePlanRow, ...]:
        """What the form shows when it is opened."""
        return self.care_plans.get(form.form_id, ())

    def set_plan_status(self, form: Form, line: int, status: str | None) -> None:
        """The status of one line is changed in the form. The plan's status is its first line's."""
        rows = list(self.care_plan(form))
        rows[line] = replace(rows[line], plan_status=status)
        self.save_care_plan(form, rows)

    def delete_form(self, form: Form) -> None:
        """Gone from the chart and from FHIR; the rows stay in the table, and nothing says that there was one."""
        self.forms[form.id] = replace(self.forms[form.id], is_deleted=True)

    def add_code(self, code: str, *tables: str) -> None:
        """A code is loaded into code tables. In several it doubles each line that has it without a prefix."""
        self.code_tables[code].update(tables)

    def add_problem(
        self,
        patient: Patient,
        title: str,
        *,
        diagnosis: str = "",
        begun: date | None = None,
        ended: date | None = None,
        uuid: str | None = None,
        at: datetime | None = None,
    ) -> Problem:
        """A line of the problem list; ``diagnosis`` as ``ICD10:I10``."""
        number = self.number("lists")
        found = Problem(
            id=number,
            uuid=uuid or self.mint(),
            pid=patient.pid,
            title=title,
            diagnosis=diagnosis,
            begun=begun,
            ended=ended,
            updated=at or self.now(),
        )
        self.problems[number] = found
        return found

    def set_care_team(
        self,
        patient: Patient,
        name: str,
        members: Iterable[TeamMember],
        *,
        uuid: str | None = None,
        at: datetime | None = None,
    ) -> CareTeam:
        """The patient's team is saved."""
        team = CareTeam(
            uuid=uuid or self.mint(), pid=patient.pid, name=name, members=tuple(members), updated=at or self.now()
        )
        self.teams[team.uuid] = team
        return team

    def record_procedure(
        self, encounter: Encounter, *, code: str, name: str, at: datetime | None = None, uuid: str | None = None
    ) -> Performed:
        """Something was done in a visit; ``code`` as ``CPT4:99213``."""
        now = self.now()
        done = Performed(
            uuid=uuid or self.mint(),
            pid=encounter.pid,
            eid=encounter.eid,
            code=code,
            name=name,
            at=at or now,
            updated=now,
        )
        self.procedures.append(done)
        return done

    def answer_questionnaire(
        self,
        patient: Patient,
        questionnaire: str,
        name: str,
        answers: Iterable[tuple[str, str, str]],
        *,
        at: datetime | None = None,
        encounter: Encounter | None = None,
        uuid: str | None = None,
    ) -> Answered:
        """A questionnaire is filled in: link id, question, answer."""
        answered = Answered(
            uuid=uuid or self.mint(),
            pid=patient.pid,
            eid=encounter.eid if encounter else None,
            questionnaire=questionnaire,
            name=name,
            answers=tuple(answers),
            at=at or self.now(),
        )
        self.answers.append(answered)
        return answered

    def store_document(
        self, pid: int, filename: str, content: bytes, *, mimetype: str, category: str | None
    ) -> Document:
        """A file is stored; None: in no category, where nobody finds it."""
        number = self.number("documents")
        stored = Document(
            id=number,
            pid=pid,
            filename=filename,
            mimetype=mimetype,
            content=content,
            category=category,
            stored=self.now(),
        )
        self.documents[number] = stored
        return stored

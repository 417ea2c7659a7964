"""The demo beside an OpenEMR: the recorded one, with a FHIR store or staff's inboxes for what it has no place for."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from deploy.demo import children
from deploy.demo.chart_side import Ehr
from deploy.demo.children import HOST, Child
from deploy.demo.command import Command
from deploy.demo.generator.__main__ import this_day
from deploy.demo.generator.fhir import PROGRAM_CODE
from deploy.demo.generator.load import LoadFailed, LoadRefused
from deploy.demo.openemr import clients, introducing
from deploy.demo.openemr.database import open_gaps, waits_for_a_link
from deploy.demo.openemr.differences import differences
from deploy.demo.openemr.practice import entered
from deploy.demo.openemr.staff import MESSENGER
from deploy.demo.openemr.store import add_patients, left_open
from deploy.demo.place import SLUG, Practice
from deploy.demo.screen import StepFailed
from deploy.demo.stage import EHR_PORT, Stage
from deploy.demo.summary import Seen
from deploy.openemr.recorded.pages_desk import BOARD, INBOX
from deploy.openemr.recorded.staff import Staff
from plugin.domain.permissions import role_words

WITHIN_S = 60.0
LOGIN = "/interface/login/login.php?site=default"
_A_MESSAGE = f"{INBOX}/"


class BesideOpenEmr:
    """A `Way`. OpenEMR runs as a program of its own and makes its clinic from the same day and seed as we do here, so that
    both know the same patients by the same ids."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._screen = stage.screen
        self._place = stage.place
        self._has_inboxes = stage.wishes.sink == "message"

    def begin(self, kept: Practice | None) -> Practice:
        self._port = children.free_port(EHR_PORT)
        self._url = f"http://{HOST}:{self._port}"
        if not self._has_inboxes:
            self._store = Ehr(self._stage.hapi(), self._stage.wishes.tag)
        with self._screen.step("Demo practice", "entering it into OpenEMR") as step:
            self._practice = entered(this_day(), self._stage.wishes.patients)
            self._roles = introducing.roles_of(self._practice)
            self._child = self._started()
            clinic = self._practice.clinic
            step.words = f"{len(clinic.patients):,} patients, {len(clinic.forms):,} care plans, {self._url}"
        if not self._has_inboxes:
            self._fill_store()
        self._write_enrolments()
        return self._books()

    def open_doors(self, command: Command, web: str, practice: Practice) -> None:
        with self._screen.step("Registration", "registering Milepost at OpenEMR, and letting it in") as step:
            self._clients = clients.registered(command, SLUG, self._fhir)
            clients.let_in(self._url, self._clients)
            step.words = f"{len(self._clients)} clients by Milepost's own texts, enabled by OpenEMR's administrator"

    def introduce(self, command: Command) -> None:
        known = self._clients
        with self._screen.step("milepost source add", "asking the server what it can do") as step:
            step.words = _of_source(introducing.add_source(command, self._fhir, known["reading"]))
        with self._screen.step("milepost source set", "where milestone Tasks go") as step:
            step.words = _of_source(
                introducing.set_inboxes(command, self._practice)
                if self._has_inboxes
                else introducing.set_store(command, self._store)
            )
        with self._screen.step("milepost source test", "trying what a sweep needs") as step:
            step.words = f"all {len(command.answer('source', 'test', SLUG))} checks are good"
        with self._screen.step("milepost issuer add", "and a role for each of OpenEMR's people") as step:
            introducing.add_issuer(command, self._place, self._url, self._fhir, known["panel"])
            introducing.give_roles(command, self._practice)
            step.words = f"charts of {self._url} may open the panel; {len(self._roles)} people have a role"
        if self._has_inboxes:
            with self._screen.step("Staff account", f"signing {MESSENGER} in at OpenEMR") as step:
                who = introducing.sign_in(command, self._place, self._url, known["messages"])
                step.words = f"{who}, by OpenEMR's own login and consent: it writes the messages"

    def unheard(self, command: Command) -> Command:
        """OpenEMR calls nobody."""
        return command

    def waits_for_a_person(self) -> int:
        return 0 if self._has_inboxes else waits_for_a_link(self._place.database)

    def hear(self, command: Command) -> str:
        return "; OpenEMR calls nobody: it is read every few minutes"

    def seen(self, command: Command, practice: Practice) -> Seen:
        found, gaps = self._practice, open_gaps(self._place.database)
        return Seen(
            status=command.answer("status"),
            practice=practice,
            patients_in_ehr=len(found.clinic.patients),
            written=self._messages() if self._has_inboxes else self._store.written(),
            written_into="Messages to staff" if self._has_inboxes else "Written into the store",
            names={f"Practitioner/{one.uuid}": f"{one.fname} {one.lname}" for one in found.clinic.users.values()},
            plans_in_ehr=len(found.clinic.forms),
            more=[*self._links(), *self._unsaid()],
            differences=list(differences(found, gaps)),
        )

    def try_out(self, command: Command) -> list[str]:
        """The flow board of one of the last days: what is marked there is seen within minutes."""
        now = self._practice.clinic.now()
        past = [one for one in self._practice.clinic.appointments.values() if one.day < now.date()]
        if not past:
            return []
        day = max(one.day for one in past)
        asked = (
            "Mark somebody as come (>) or not (?) on the flow board. OpenEMR tells nobody: Milepost looks every five"
        )
        asked += " minutes in working hours, every hour outside them, and three days back:"
        return [asked, f"{self._url}{BOARD}?day={day}"]

    def logs(self) -> list[Path]:
        return [self._place.ehr_log, *([] if self._has_inboxes else [self._place.hapi / "hapi.log"])]

    def tell_where_to_look(self) -> None:
        if self._has_inboxes:
            self._screen.say("Look at the messages, as whoever they were written to:", style="bold")
            self._screen.exactly(f"{self._url}{INBOX}")
            return
        self._screen.say("Look at what was written into the store:", style="bold")
        self._screen.exactly(f"{self._store.base}/Task")

    def tell_how_to_begin(self) -> None:
        users = ", ".join(f"{name} ({role_words(role)})" for name, role in self._roles.items())
        self._screen.say(f"OpenEMR's users: {users}, {clients.ADMINISTRATOR}; the password of each is: pass.")
        if self._has_inboxes:
            self._screen.say("Their messages stand under Messages, when they are logged in.")
        else:
            self._screen.say("Who has to be linked by hand stands at /admin, for the coordinator and the lead.")
        self._screen.say()
        words = (
            "All of it runs until Ctrl-C. Now log in to OpenEMR; you come to a chart with gaps: press Launch Milepost."
        )
        self._screen.say(words, style="bold")
        self._screen.exactly(f"{self._url}/")

    def check(self) -> None:
        self._child.check()

    @property
    def _fhir(self) -> str:
        return f"{self._url}/apis/default/fhir"

    def _started(self) -> Child:
        words = [sys.executable, "-m", "deploy.demo.openemr", "--port", str(self._port)]
        words += ["--patients", str(self._stage.wishes.patients), "--today", str(self._practice.day)]
        started = children.child(
            "the recorded OpenEMR", words, log=self._place.ehr_log, environment={}, stop_within=children.SOON_S
        )
        child = self._stage.held.enter_context(started)
        child.wait_until(partial(children.page_is_good, f"{self._url}{LOGIN}"), WITHIN_S)
        return child

    def _fill_store(self) -> None:
        with self._screen.step("Companion store", "the same patients, in HAPI") as step:
            try:
                add_patients(self._practice, self._store.base, self._store.tag)
            except (LoadRefused, LoadFailed) as failure:
                raise StepFailed(f"The patients were not loaded into the store. {failure}") from failure
            open_ = len(left_open(self._practice))
            step.words = f"all patients but one; {open_} are left for a person to link"

    def _write_enrolments(self) -> None:
        known = self._practice.patients
        lines = [f"Patient/{known[ref].uuid} {PROGRAM_CODE}\n" for ref in self._practice.to_enrol]
        self._place.enrolments.write_text("".join(lines), encoding="utf-8")

    def _books(self) -> Practice:
        found, showcase = self._practice, self._practice.showcase
        return Practice(
            day=str(found.day),
            patients=found.tally.patients,
            resources=found.tally.resources,
            with_gap=found.tally.with_gap,
            to_enrol=len(found.to_enrol),
            ehr_port=self._port,
            showcase=f"Patient/{showcase.uuid}" if showcase else "",
        )

    def _messages(self) -> dict[str, int]:
        """In each inbox that has any, as its owner sees it."""
        found = {}
        for name in self._roles:
            reader = Staff(self._url, name)
            reader.log_in()
            found[name] = reader.get(INBOX).text.count(f'action="{_A_MESSAGE}')
        return {name: count for name, count in found.items() if count}

    def _links(self) -> list[tuple[str, str]]:
        if self._has_inboxes:
            return []
        names = ", ".join(f"{one.fname} {one.lname}" for one in left_open(self._practice))
        return [("To be linked", f"by a person, since the store says something else or nothing: {names}")]

    def _unsaid(self) -> list[tuple[str, str]]:
        rows = [f"{what} ({count:,})" for what, count in self._practice.ledger.rows()]
        labels = ["OpenEMR cannot say", *[""] * len(rows)]
        return list(zip(labels, rows, strict=False))


def _of_source(said: str) -> str:
    """The first line of what the command says, without the name."""
    return said.splitlines()[0].removeprefix(f"Source {SLUG}: ")

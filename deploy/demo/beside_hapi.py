"""The demo beside a FHIR server that takes Tasks itself: HAPI, with a small EHR in front of it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from deploy.demo import children, front, trial
from deploy.demo.chart_side import OUR_TAG, Ehr
from deploy.demo.children import Child
from deploy.demo.command import Command
from deploy.demo.ehr.people import PEOPLE
from deploy.demo.ehr.server import DemoEhr, at
from deploy.demo.generator.__main__ import follow, open_writer, parser, this_day
from deploy.demo.generator.load import LoadFailed, LoadRefused, target
from deploy.demo.place import SLUG, Practice
from deploy.demo.screen import StepFailed
from deploy.demo.stage import EHR_PORT, Stage
from deploy.demo.summary import Seen


class BesideHapi:
    """A `Way`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._screen = stage.screen

    def begin(self, kept: Practice | None) -> Practice:
        self._front: DemoEhr = at(_same_port(kept.ehr_port) if kept else children.free_port(EHR_PORT))
        self._ehr = Ehr(self._stage.hapi(), self._stage.wishes.tag)
        return kept or self._load()

    def open_doors(self, command: Command, web: str, practice: Practice) -> None:
        with self._screen.step("Demo EHR", "starting") as step:
            self._child: Child = front.started(
                self._stage.held,
                self._front,
                command=command,
                place=self._stage.place,
                web=web,
                behind=self._ehr.base,
                tag=self._ehr.tag,
                first=practice.showcase.removeprefix("Patient/"),
            )
            step.words = f"{self._front.url}, in front of HAPI: from here on by token"

    def introduce(self, command: Command) -> None:
        with self._screen.step("milepost source add", "asking the server what it can do") as step:
            only = ("--filter", f"_tag={self._ehr.filter}") if self._ehr.tag else ()
            said = command.run("source", "add", SLUG, self._front.fhir, "--client-id", front.CLIENT, *only)
            step.words = said.splitlines()[0].removeprefix(f"Source {SLUG}: ")
        with self._screen.step("milepost source test", "trying what a sweep needs") as step:
            checks = command.answer("source", "test", SLUG)
            step.words = f"all {len(checks)} checks are good"
        with self._screen.step("milepost issuer add", "and a role for each of the EHR's people") as step:
            front.introduce(command, self._front, SLUG)
            step.words = f"charts of {self._front.url} may open the panel; {len(PEOPLE)} people have a role"

    def unheard(self, command: Command) -> Command:
        """Without an address of ours, so that HAPI calls nobody."""
        return replace(command, environment={**command.environment, "MILEPOST_PUBLIC_URL": ""})

    def waits_for_a_person(self) -> int:
        return 0

    def hear(self, command: Command) -> str:
        """The Subscription, now that there is somebody to call: HAPI would try again and again. A server that is not the
        demo's own is left without one."""
        if not self._stage.has_own_hapi:
            return ""
        command.run("source", "probe", SLUG)
        return "; HAPI calls it when something changes"

    def seen(self, command: Command, practice: Practice) -> Seen:
        return Seen(
            status=command.answer("status"),
            practice=practice,
            patients_in_ehr=self._ehr.count("Patient"),
            written=self._ehr.written(),
            names=self._ehr.names(),
        )

    def try_out(self, command: Command) -> list[str]:
        tried = trial.find(self._ehr, command, this_day())
        if tried is None:
            return []
        asked = f"Enter a no-show; within seconds it is a missed step ({tried.step}):"
        return [asked, tried.entered_by(self._ehr.base), tried.explained]

    def logs(self) -> list[Path]:
        return [self._stage.place.ehr_log, self._stage.place.hapi / "hapi.log"]

    def tell_where_to_look(self) -> None:
        self._screen.say("Look at what was written into HAPI:", style="bold")
        self._screen.exactly(f"{self._ehr.base}/Task?_tag={OUR_TAG.replace('|', '%7C')}")

    def tell_how_to_begin(self) -> None:
        words = "All of it runs until Ctrl-C. Now open the EHR, log in, and see the panel in a chart:"
        self._screen.say(words, style="bold")
        self._screen.exactly(f"{self._front.url}/")

    def check(self) -> None:
        self._child.check()

    def _load(self) -> Practice:
        place, base = self._stage.place, self._ehr.base
        words = ["--patients", str(self._stage.wishes.patients), "--load", base, "--tag", self._ehr.tag]
        chosen = parser().parse_args([*words, "--enrolments", str(place.enrolments)])
        chosen.today = this_day()
        try:
            with self._screen.step("Demo practice", "loading by transactions", draws_itself=True) as step:
                with contextlib.ExitStack() as files:
                    writer = open_writer(chosen, files)
                    tally = follow(chosen, writer, target(base, chosen.clients), self._screen.console)
                step.words = f"{tally.patients:,} patients, {tally.resources:,} resources, by transactions"
        except (LoadRefused, LoadFailed) as failure:
            raise StepFailed(f"The practice was not loaded. {failure}") from failure
        return Practice(
            day=str(chosen.today),
            patients=tally.patients,
            resources=tally.resources,
            with_gap=tally.with_gap,
            to_enrol=writer.enrolled,
            ehr_port=self._front.port,
            showcase=tally.showcase or "",
        )


def _same_port(port: int) -> int:
    """The source's address is the one under which it was added."""
    if children.free_port(port) != port:
        raise StepFailed(
            f"The EHR had port {port} the last time, and another program has it now. Without KEEP=1 it is free."
        )
    return port

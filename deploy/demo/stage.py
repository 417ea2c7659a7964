"""What every demo is made of, whichever EHR it shows; and what differs from one EHR to another."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.demo import children
from deploy.demo.command import Command
from deploy.demo.place import Place, Practice
from deploy.demo.screen import Screen, StepFailed
from deploy.demo.summary import Seen
from deploy.hapi.build import HapiFailure
from deploy.hapi.server import HapiServer

HAPI_PORT, WEB_PORT, EHR_PORT = 8190, 8790, 8880


@dataclass(frozen=True)
class Wishes:
    """What was asked for. `fhir`: a server that runs already, in place of an own HAPI. `sink`: where an OpenEMR's milestone
    Tasks go."""

    folder: Path
    patients: int
    once: bool = False
    keep: bool = False
    fhir: str | None = None
    tag: str = ""
    ehr: str = "hapi"
    sink: str = "companion"


@dataclass
class Stage:
    """One run. What it starts hangs on `held` and is stopped with it, the last first."""

    wishes: Wishes
    screen: Screen
    held: contextlib.ExitStack
    _hapi: HapiServer | None = None

    @property
    def place(self) -> Place:
        """Where it lives."""
        return Place(self.wishes.folder)

    @property
    def has_own_hapi(self) -> bool:
        """Or one that ran already."""
        return self._hapi is not None

    def hapi(self) -> str:
        """The address of a FHIR server that answers: the demo's own, or the one that was named."""
        return self.wishes.fhir or self._started(children.free_port(HAPI_PORT))

    def check(self) -> None:
        """StepFailed when HAPI has ended."""
        if self._hapi is not None and self._hapi.pid is None:
            raise StepFailed("HAPI ended by itself.", self._hapi.log)

    def _started(self, port: int) -> str:
        self._hapi = server = HapiServer(port=port, data_dir=self.place.hapi)
        try:
            if not server.build.is_current():
                with self.screen.step("HAPI build", f"once, about two minutes (log: {server.build.log})") as step:
                    server.build.make()
                    step.words = "built and kept for the next time"
            self.held.callback(server.stop)
            with self.screen.step("HAPI FHIR server", "starting, about half a minute") as step:
                server.start()
                step.words = server.base_url
        except HapiFailure as failure:
            raise StepFailed(str(failure)) from failure
        return server.base_url


class Way(Protocol):
    """What differs from one EHR to another, in the order in which it is asked for."""

    def begin(self, kept: Practice | None) -> Practice:
        """The servers run, and the practice is in them: what is left of the last time, or one that is made now."""

    def open_doors(self, command: Command, web: str, practice: Practice) -> None:
        """The EHR's pages and its authorization server answer; Milepost's pages at ``web`` need not yet."""

    def introduce(self, command: Command) -> None:
        """Milepost is told of the EHR, and of its people. Only the first time."""

    def unheard(self, command: Command) -> Command:
        """With which everything is set up while nobody answers at Milepost's address."""

    def waits_for_a_person(self) -> int:
        """So much is not written until somebody has decided something: that is no failure."""

    def hear(self, command: Command) -> str:
        """Milepost runs now, and may be called: what is said of that."""

    def seen(self, command: Command, practice: Practice) -> Seen:
        """What Milepost says of itself, beside what the EHR says."""

    def try_out(self, command: Command) -> list[str]:
        """Lines about something to be tried in the EHR that changes a step; none where there is nothing."""

    def logs(self) -> list[Path]:
        """Beside Milepost's own."""

    def tell_where_to_look(self) -> None:
        """What was written, where."""

    def tell_how_to_begin(self) -> None:
        """The last words: the EHR's address, who may log in, and what to do there."""

    def check(self) -> None:
        """StepFailed when a server has ended."""

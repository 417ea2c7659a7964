"""Milepost in the charts of the demo EHR, ready for a browser: for the tests and the benchmark, which bring their own
FHIR server and Redis. The demo itself (runner.py) takes the same steps, and shows each to whoever waits for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.demo import children, front
from deploy.demo.children import Child, child
from deploy.demo.command import Command
from deploy.demo.ehr.server import DemoEhr, at
from deploy.demo.generator.fhir import TAG_SYSTEM
from deploy.demo.place import Place, environment_of, web_at
from deploy.services.process import free_port
from plugin.run import parts

SOURCE = "demo"
WITHIN_S = 90.0


@dataclass(frozen=True)
class Site:
    """The EHR in front of the FHIR server ``behind``, and Milepost's pages at ``web``: two sites to a browser, as in life.
    ``first`` is whose chart the EHR shows after the login."""

    ehr: DemoEhr
    web: str
    place: Place
    command: Command
    behind: str
    tag: str
    first: str = ""

    def chart(self, patient: str) -> str:
        """The EHR's page about a patient (by id), with the panel framed in it."""
        return f"{self.ehr.url}/chart/{patient}"

    @property
    def standalone(self) -> str:
        """Where Milepost is opened without a chart."""
        return f"{self.web}/standalone/{front.ISSUER}"

    @contextlib.contextmanager
    def ehr_running(self) -> Iterator[Child]:
        """The EHR, which remembers nothing of an earlier run."""
        with contextlib.ExitStack() as held:
            yield front.started(
                held,
                self.ehr,
                command=self.command,
                place=self.place,
                web=self.web,
                behind=self.behind,
                tag=self.tag,
                first=self.first,
            )

    def introduce(self) -> None:
        """While the EHR runs: it becomes Milepost's source and issuer, its people get their roles, and its charts are read
        once. Milepost has no address meanwhile, so that the FHIR server calls nobody."""
        quiet = Command({**self.command.environment, "MILEPOST_PUBLIC_URL": ""}, self.command.log)
        only = ("--filter", f"_tag={TAG_SYSTEM}|{self.tag}") if self.tag else ()
        quiet.run("source", "add", SOURCE, self.ehr.fhir, "--client-id", front.CLIENT, *only)
        front.introduce(quiet, self.ehr, SOURCE)
        quiet.run("sweep", SOURCE)

    @contextlib.contextmanager
    def milepost_running(self, *names: str) -> Iterator[Mapping[str, Child]]:
        """The parts of Milepost of these names, all where none is named; from when its pages answer."""
        bind, environment = self.command.environment["MILEPOST_BIND"], self.command.environment
        with contextlib.ExitStack() as held:
            running = {
                part.name: held.enter_context(
                    child(part.name, part.command, log=self._log_of(part.name), environment=environment)
                )
                for part in parts(bind)
                if not names or part.name in names
            }
            if "web" in running:
                ready = partial(children.page_is_good, f"http://{bind}/readyz")
                running["web"].wait_until(ready, WITHIN_S)
            held.callback(_ask_to_end, running)
            yield running

    def _log_of(self, part: str) -> Path:
        return self.place.folder / f"{part.replace(' ', '-')}.log"


def _ask_to_end(running: Mapping[str, Child]) -> None:
    """All at once, so that none waits for the one before it."""
    for part in running.values():
        if part.process.poll() is None:
            part.process.terminate()


def prepared(
    folder: Path,
    behind: str,
    redis_url: str,
    *,
    tag: str = "",
    first: str = "",
    settings: Mapping[str, str] | None = None,
) -> Site:
    """With Milepost's database and keys made; nothing runs yet. ``settings`` are Milepost's, where they differ from the
    demo's: another database, another rhythm."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place, port = Place(folder), free_port()
    environment = environment_of({**place.settings(redis_url, port), **(settings or {})})
    command = Command(environment, place.command_log)
    command.python("deploy.demo.several", "init", "keys make")
    return Site(at(free_port()), web_at(port), place, command, behind=behind, tag=tag, first=first)

"""The demo from beginning to end: servers, practice, Milepost's own commands one after the other, and the summary."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from deploy.demo import accounts, children, front, trial
from deploy.demo.chart_side import OUR_TAG, Ehr
from deploy.demo.children import HOST, Child
from deploy.demo.command import MILEPOST, Command
from deploy.demo.ehr.people import PEOPLE
from deploy.demo.ehr.server import DemoEhr, at
from deploy.demo.generator.__main__ import follow, open_writer, parser, this_day
from deploy.demo.generator.load import LoadFailed, LoadRefused, target
from deploy.demo.place import Place, Practice, environment_of, web_at
from deploy.demo.screen import Screen, StepFailed
from deploy.demo.summary import Seen, books, summary
from deploy.demo.trial import Trial, short
from deploy.hapi.build import HapiFailure
from deploy.hapi.server import HapiServer
from deploy.services.process import ServerMissing
from deploy.services.redis import redis_server

SLUG = "demo"
HAPI_PORT, WEB_PORT, EHR_PORT = 8190, 8790, 8880
WEB_WITHIN_S = 90.0
LOOK_S = 0.5


@dataclass(frozen=True)
class Wishes:
    """What was asked for. `fhir`: a server that runs already, in place of an own HAPI."""

    folder: Path
    patients: int
    once: bool = False
    keep: bool = False
    fhir: str | None = None
    tag: str = ""


@dataclass
class Demo:
    """One run. What it starts hangs on `held` and is stopped with it, the last first."""

    wishes: Wishes
    screen: Screen
    held: contextlib.ExitStack
    begun: float = field(default_factory=time.monotonic)
    is_complete: bool = False
    """The summary was shown: an interruption is the end that was meant."""
    _hapi: HapiServer | None = None

    @property
    def place(self) -> Place:
        """Where it lives."""
        return Place(self.wishes.folder)

    def run(self) -> None:
        """Returns after the summary with `once`; else only when a server has ended, or by an interruption."""
        self.held.enter_context(self.place.taken())
        kept = self.place.practice() if self.wishes.keep else None
        if kept is None:
            self.place.clear()
        self._announce(kept)
        web_port = children.free_port(WEB_PORT)
        demo_ehr = at(_same_port(kept.ehr_port) if kept else children.free_port(EHR_PORT))
        ehr = Ehr(self.wishes.fhir or self._start_hapi(children.free_port(HAPI_PORT)), self.wishes.tag)
        practice = kept or self._load(ehr, demo_ehr.port)
        settings = self.place.settings(self._start_redis(), web_port)
        self.place.write_settings(settings)
        command = Command(environment_of(settings), self.place.command_log)
        unheard = replace(command, environment={**command.environment, "MILEPOST_PUBLIC_URL": ""})
        self._prepare(unheard, is_new=kept is None)
        front_door = self._start_ehr(command, demo_ehr, ehr, practice, web_port)
        self._sweep(unheard, "milepost sweep") if kept else self._set_up(unheard, demo_ehr, ehr, practice)
        self.place.keep(practice)
        milepost = self._start_milepost(command, web_port)
        tried = self._summarize(command, ehr, practice)
        self.is_complete = True
        if not self.wishes.once:
            self._tell_where_to_look(demo_ehr, ehr, web_port, tried)
            self._stay(milepost, front_door)

    # ------------------------------------------------------------------------------------------------ the EHR
    def _announce(self, kept: Practice | None) -> None:
        folder = short(self.wishes.folder)
        made = (
            f"going on with what was loaded on {kept.day}" if kept else "made anew (KEEP=1 goes on with the last one)"
        )
        self.screen.say(f"Milepost demo in {folder}, {made}")
        self.screen.say()

    def _start_hapi(self, port: int) -> str:
        self._hapi = server = HapiServer(port=port, data_dir=self.place.hapi)
        try:
            if not server.build.is_current():
                with self.screen.step(
                    "HAPI build", f"once, about two minutes (log: {short(server.build.log)})"
                ) as step:
                    server.build.make()
                    step.words = "built and kept for the next time"
            self.held.callback(server.stop)
            with self.screen.step("HAPI FHIR server", "starting, about half a minute") as step:
                server.start()
                step.words = server.base_url
        except HapiFailure as failure:
            raise StepFailed(str(failure)) from failure
        return server.base_url

    def _start_ehr(self, command: Command, demo_ehr: DemoEhr, ehr: Ehr, practice: Practice, web_port: int) -> Child:
        with self.screen.step("Demo EHR", "starting") as step:
            child = front.started(
                self.held,
                demo_ehr,
                command=command,
                place=self.place,
                web=web_at(web_port),
                behind=ehr.base,
                tag=ehr.tag,
                first=practice.showcase.removeprefix("Patient/"),
            )
            step.words = f"{demo_ehr.url}, in front of HAPI: from here on by token"
        return child

    def _load(self, ehr: Ehr, ehr_port: int) -> Practice:
        words = ["--patients", str(self.wishes.patients), "--load", ehr.base, "--tag", ehr.tag]
        chosen = parser().parse_args([*words, "--enrolments", str(self.place.enrolments)])
        chosen.today = this_day()
        try:
            with self.screen.step("Demo practice", "loading by transactions", draws_itself=True) as step:
                with contextlib.ExitStack() as files:
                    writer = open_writer(chosen, files)
                    tally = follow(chosen, writer, target(ehr.base, chosen.clients), self.screen.console)
                step.words = f"{tally.patients:,} patients, {tally.resources:,} resources, by transactions"
        except (LoadRefused, LoadFailed) as failure:
            raise StepFailed(f"The practice was not loaded. {failure}") from failure
        return Practice(
            day=str(chosen.today),
            patients=tally.patients,
            resources=tally.resources,
            with_gap=tally.with_gap,
            to_enrol=writer.enrolled,
            ehr_port=ehr_port,
            showcase=tally.showcase or "",
        )

    def _start_redis(self) -> str:
        with self.screen.step("Redis", "starting") as step:
            try:
                redis = self.held.enter_context(redis_server())
            except ServerMissing as failure:
                raise StepFailed(str(failure)) from failure
            step.words = f"{HOST}:{redis.port}, keeps nothing on disk"
        return redis.url()

    # ----------------------------------------------------------------------------------------------- Milepost
    def _prepare(self, command: Command, *, is_new: bool) -> None:
        if not is_new:
            with self.screen.step("milepost upgrade", "bringing the database up to date") as step:
                command.run("upgrade")
                step.words = "the database is up to date"
            return
        with self.screen.step("milepost init", "making database and keys") as step:
            command.run("init")
            command.run("keys", "make")
            step.words = f"SQLite in {short(self.place.database)}, keys by which the EHR knows Milepost"

    def _set_up(self, command: Command, demo_ehr: DemoEhr, ehr: Ehr, practice: Practice) -> None:
        """``command`` has no address of ours, so that nobody is called before somebody answers."""
        with self.screen.step("milepost source add", "asking the server what it can do") as step:
            only = ("--filter", f"_tag={ehr.filter}") if ehr.tag else ()
            said = command.run("source", "add", SLUG, demo_ehr.fhir, "--client-id", front.CLIENT, *only)
            step.words = said.splitlines()[0].removeprefix(f"Source {SLUG}: ")
        with self.screen.step("milepost source test", "trying what a sweep needs") as step:
            checks = command.answer("source", "test", SLUG)
            step.words = f"all {len(checks)} checks are good"
        with self.screen.step("milepost issuer add", "and a role for each of the EHR's people") as step:
            front.introduce(command, demo_ehr, SLUG)
            step.words = f"charts of {demo_ehr.url} may open the panel; {len(PEOPLE)} people have a role"
        with self.screen.step("milepost user add", "accounts for the admin pages") as step:
            accounts.invite(command, self.place)
            step.words = f"{len(accounts.ACCOUNTS)} people may sign in at /admin"
        self._sweep(command, "milepost sweep")
        if practice.to_enrol:
            with self.screen.step("milepost enrol", f"{practice.to_enrol} patients") as step:
                command.python("deploy.demo.enrol", str(self.place.enrolments))
                step.words = f"{practice.to_enrol} patients, by a person's word"
            self._sweep(command, "milepost sweep, again")

    def _sweep(self, command: Command, label: str) -> None:
        shows_bars = self.screen.console.is_terminal
        with self.screen.step(label, "reading, assessing, writing back", draws_itself=shows_bars) as step:
            swept = command.answer("sweep", SLUG, shows_bars=shows_bars)
            delivered = swept["delivered"]
            step.words = (
                f"read {swept['read']['total']:,} resources, assessed {swept['reassessed']['claimed']:,} patients, "
                f"wrote {delivered['written']:,}, gave out {delivered['work']:,} pieces of work"
            )
            failed = swept["reassessed"]["failed"] + delivered["failed"]
            if failed:
                raise StepFailed(f"`milepost sweep` left {failed} things undone; `milepost status` says more.")

    def _start_milepost(self, command: Command, port: int) -> Child:
        with self.screen.step("milepost run", "starting web, workers and beat") as step:
            run = [str(MILEPOST), "run"]
            milepost = self.held.enter_context(
                children.child("milepost run", run, log=self.place.run_log, environment=command.environment)
            )
            ready = f"http://{HOST}:{port}/readyz"
            milepost.wait_until(partial(children.page_is_good, ready), WEB_WITHIN_S)
            step.words = f"{ready} says ok"
            if self._hapi is not None:
                # The Subscription, now that there is somebody to call: HAPI would try again and again. A server that is
                # not the demo's own is left without one.
                command.run("source", "probe", SLUG)
                step.words += "; HAPI calls it when something changes"
        return milepost

    # -------------------------------------------------------------------------------------------- what came of it
    def _summarize(self, command: Command, ehr: Ehr, practice: Practice) -> Trial | None:
        with self.screen.step("milepost status", "counting, here and in the EHR") as step:
            seen = Seen(
                status=command.answer("status"),
                practice=practice,
                patients_in_ehr=ehr.count("Patient"),
                written=ehr.written(),
                names=ehr.names(),
            )
            tried = None if self.wishes.once else trial.find(ehr, command, this_day())
            step.words = "every CarePlan accounted for" if seen.is_accounted else "NOT every CarePlan is accounted for"
        self.screen.say()
        for label, words in summary(seen):
            self.screen.fact(label, words)
        self.screen.fact("Took", f"{time.monotonic() - self.begun:.0f} s in all")
        self.screen.say()
        self.screen.say(books(seen), style="green" if seen.books_agree else "yellow")
        return tried

    def _tell_where_to_look(self, demo_ehr: DemoEhr, ehr: Ehr, web_port: int, tried: Trial | None) -> None:
        milepost, web = short(MILEPOST), f"http://{HOST}:{web_port}"
        self.screen.say()
        logs = (self.place.run_log, self.place.ehr_log, self.place.hapi / "hapi.log")
        self.screen.fact("Logs", ", ".join(map(short, logs)))
        self.screen.say()
        self.screen.say("Look at what was written into HAPI, and at how Milepost is:", style="bold")
        self.screen.exactly(f"{ehr.base}/Task?_tag={OUR_TAG.replace('|', '%7C')}")
        for page in ("readyz", "healthz", "metrics"):
            self.screen.exactly(f"{web}/{page}")
        self.screen.say()
        self.screen.say("Milepost's command, in another terminal:", style="bold")
        self.screen.exactly(f"set -a; . {short(self.place.settings_file)}; set +a; {milepost} status")
        if tried:
            self.screen.say()
            self.screen.say(f"Enter a no-show; within seconds it is a missed step ({tried.step}):", style="bold")
            self.screen.exactly(tried.entered_by(ehr.base))
            self.screen.exactly(f"{milepost} explain {tried.patient}")
        self._tell_of_admin_pages(web_port)
        self.screen.say()
        self.screen.say(
            "All of it runs until Ctrl-C. Now open the EHR, log in, and see the panel in a chart:", style="bold"
        )
        self.screen.exactly(f"{demo_ehr.url}/")

    def _tell_of_admin_pages(self, web_port: int) -> None:
        """Where they are, who may come in, and what to look at."""
        password = accounts.first_password(self.place)
        if password is None:
            return
        self.screen.say()
        self.screen.say("The admin pages: queues, programs, people, connections, the audit log.", style="bold")
        self.screen.exactly(f"{web_at(web_port)}/admin")
        self.screen.say(
            f"The password for each first sign-in is {password}; the code is left empty then. Milepost asks for a password "
            "of your own, and shows a picture for the authenticator app on your telephone."
        )
        for one in accounts.ACCOUNTS:
            self.screen.fact(f"  {one.name}", f"{one.person}. {one.look}")

    def _stay(self, *running: Child) -> None:
        while True:
            for child in running:
                child.check()
            if self._hapi is not None and self._hapi.pid is None:
                raise StepFailed("HAPI ended by itself.", self._hapi.log)
            time.sleep(LOOK_S)


def _same_port(port: int) -> int:
    """The source's address is the one under which it was added."""
    if children.free_port(port) != port:
        raise StepFailed(
            f"The EHR had port {port} the last time, and another program has it now. Without KEEP=1 it is free."
        )
    return port


@contextlib.contextmanager
def demo(wishes: Wishes, screen: Screen) -> Iterator[Demo]:
    """A demo; whatever it started is stopped at the end of the block."""
    with contextlib.ExitStack() as held:
        yield Demo(wishes, screen, held)

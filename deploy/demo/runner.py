"""The demo from beginning to end: servers, practice, Milepost's own commands one after the other, and the summary.

What differs from one EHR to another is a `Way` (stage.py): `BesideHapi`, `BesideOpenEmr`.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from deploy.demo import accounts, children
from deploy.demo.beside_hapi import BesideHapi
from deploy.demo.children import HOST, Child
from deploy.demo.command import MILEPOST, Command
from deploy.demo.openemr.beside import BesideOpenEmr
from deploy.demo.place import SLUG, Place, Practice, environment_of, web_at
from deploy.demo.screen import Screen, StepFailed
from deploy.demo.stage import WEB_PORT, Stage, Way, Wishes
from deploy.demo.summary import books, summary
from deploy.demo.trial import short
from deploy.services.process import ServerMissing
from deploy.services.redis import redis_server

WEB_WITHIN_S = 90.0
LOOK_S = 0.5


@dataclass
class Demo:
    """One run of it."""

    stage: Stage
    way: Way
    begun: float = field(default_factory=time.monotonic)
    is_complete: bool = False
    """The summary was shown: an interruption is the end that was meant."""

    @property
    def wishes(self) -> Wishes:
        """What was asked for."""
        return self.stage.wishes

    @property
    def screen(self) -> Screen:
        """Where it is shown."""
        return self.stage.screen

    @property
    def place(self) -> Place:
        """Where it lives."""
        return self.stage.place

    def run(self) -> None:
        """Returns after the summary with `once`; else only when a server has ended, or by an interruption."""
        self.stage.held.enter_context(self.place.taken())
        kept = self.place.practice() if self.wishes.keep else None
        if kept is None:
            self.place.clear()
        self._announce(kept)
        web_port = children.free_port(WEB_PORT)
        practice = self.way.begin(kept)
        settings = self.place.settings(self._start_redis(), web_port)
        self.place.write_settings(settings)
        command = Command(environment_of(settings), self.place.command_log)
        self._prepare(command, is_new=kept is None)
        self.way.open_doors(command, web_at(web_port), practice)
        if kept is None:
            self._set_up(command, practice)
        else:
            self._sweep(self.way.unheard(command), "milepost sweep")
        self.place.keep(practice)
        milepost = self._start_milepost(command, web_port)
        self._summarize(command, practice)
        self.is_complete = True
        if not self.wishes.once:
            self._tell_where_to_look(command, web_port)
            self._stay(milepost)

    def _announce(self, kept: Practice | None) -> None:
        folder = short(self.wishes.folder)
        made = (
            f"going on with what was loaded on {kept.day}" if kept else "made anew (KEEP=1 goes on with the last one)"
        )
        if self.wishes.ehr != "hapi":
            made = "beside an OpenEMR, made anew"
        self.screen.say(f"Milepost demo in {folder}, {made}")
        self.screen.say()

    def _start_redis(self) -> str:
        with self.screen.step("Redis", "starting") as step:
            try:
                redis = self.stage.held.enter_context(redis_server())
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

    def _set_up(self, command: Command, practice: Practice) -> None:
        unheard = self.way.unheard(command)
        self.way.introduce(unheard)
        with self.screen.step("milepost user add", "accounts for the admin pages") as step:
            accounts.invite(unheard, self.place)
            step.words = f"{len(accounts.ACCOUNTS)} people may sign in at /admin"
        self._sweep(unheard, "milepost sweep")
        if practice.to_enrol:
            with self.screen.step("milepost enrol", f"{practice.to_enrol} patients") as step:
                unheard.python("deploy.demo.enrol", str(self.place.enrolments), SLUG)
                step.words = f"{practice.to_enrol} patients, by a person's word"
            self._sweep(unheard, "milepost sweep, again")

    def _sweep(self, command: Command, label: str) -> None:
        shows_bars = self.screen.console.is_terminal
        with self.screen.step(label, "reading, assessing, writing back", draws_itself=shows_bars) as step:
            swept = command.answer("sweep", SLUG, shows_bars=shows_bars)
            delivered = swept["delivered"]
            step.words = (
                f"read {swept['read']['total']:,} resources, assessed {swept['reassessed']['claimed']:,} patients, "
                f"wrote {delivered['written']:,}, gave out {delivered['work']:,} pieces of work"
            )
            waiting = min(self.way.waits_for_a_person(), delivered["failed"])
            step.words += f"; {waiting:,} wait until their patients are linked" if waiting else ""
            failed = swept["reassessed"]["failed"] + delivered["failed"] - waiting
            if failed:
                raise StepFailed(f"`milepost sweep` left {failed} things undone; `milepost status` says more.")

    def _start_milepost(self, command: Command, port: int) -> Child:
        with self.screen.step("milepost run", "starting web, workers and beat") as step:
            run = [str(MILEPOST), "run"]
            milepost = self.stage.held.enter_context(
                children.child("milepost run", run, log=self.place.run_log, environment=command.environment)
            )
            ready = f"http://{HOST}:{port}/readyz"
            milepost.wait_until(partial(children.page_is_good, ready), WEB_WITHIN_S)
            step.words = f"{ready} says ok{self.way.hear(command)}"
        return milepost

    # -------------------------------------------------------------------------------------------- what came of it
    def _summarize(self, command: Command, practice: Practice) -> None:
        with self.screen.step("milepost status", "counting, here and in the EHR") as step:
            seen = self.way.seen(command, practice)
            step.words = "every CarePlan accounted for" if seen.is_accounted else "NOT every CarePlan is accounted for"
        self.screen.say()
        for label, words in summary(seen):
            self.screen.fact(label, words)
        self.screen.fact("Took", f"{time.monotonic() - self.begun:.0f} s in all")
        self.screen.say()
        self.screen.say(books(seen), style="green" if seen.books_agree else "yellow")
        for line in seen.differences:
            self.screen.say(f"  {line}")

    def _tell_where_to_look(self, command: Command, web_port: int) -> None:
        tried = self.way.try_out(command)
        milepost, web = short(MILEPOST), f"http://{HOST}:{web_port}"
        self.screen.say()
        self.screen.fact("Logs", ", ".join(map(short, (self.place.run_log, *self.way.logs()))))
        self.screen.say()
        self.way.tell_where_to_look()
        self.screen.say("How Milepost is:", style="bold")
        for page in ("readyz", "healthz", "metrics"):
            self.screen.exactly(f"{web}/{page}")
        self.screen.say()
        self.screen.say("Milepost's command, in another terminal:", style="bold")
        self.screen.exactly(f"set -a; . {short(self.place.settings_file)}; set +a; {milepost} status")
        if tried:
            self.screen.say()
            self.screen.say(tried[0], style="bold")
            for line in tried[1:]:
                self.screen.exactly(line)
        self._tell_of_admin_pages(web_port)
        self.screen.say()
        self.way.tell_how_to_begin()

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

    def _stay(self, milepost: Child) -> None:
        while True:
            milepost.check()
            self.way.check()
            self.stage.check()
            time.sleep(LOOK_S)


@contextlib.contextmanager
def demo(wishes: Wishes, screen: Screen) -> Iterator[Demo]:
    """A demo; whatever it started is stopped at the end of the block."""
    with contextlib.ExitStack() as held:
        stage = Stage(wishes, screen, held)
        yield Demo(stage, BesideOpenEmr(stage) if wishes.ehr == "openemr" else BesideHapi(stage))

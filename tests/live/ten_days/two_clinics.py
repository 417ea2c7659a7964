"""The ten days lived through: the same acts in both clinics, a Milepost beside each, and a look at both after each
day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.pages import with_pages
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr
from plugin.domain.rights import FOR_READING
from plugin.usecases.deliver import Delivered
from tests.live.ten_days import script
from tests.live.ten_days.acts import Act, Register, Rename
from tests.live.ten_days.comparison import (
    Difference,
    Facets,
    Place,
    differences,
    facets_of_plans,
    facets_of_work,
    joined,
)
from tests.live.ten_days.in_hapi import InHapi, Json
from tests.live.ten_days.in_openemr import InOpenEmr
from tests.live.ten_days.mileposts import ZONE, Clock, Milepost, beside_hapi, beside_openemr, installed
from tests.live.ten_days.script import Day
from tests.servers import TAG_SYSTEM, FhirTag

T = TypeVar("T")

NEW_YORK = ZoneInfo(ZONE)
POLLS = (time(8, 30), time(12, 30), time(16, 30))
"""Beside HAPI, where what was seen is known by the server's stamps, the first of them is left out."""
NIGHT = time(4, 30)
"""Of the next day: everything was compared, and the lists that are read once a night were read."""
HALF_AN_ANSWER = datetime.combine(date(2026, 11, 4), time(12, 30))
"""OpenEMR's answer about plans breaks off in this poll: of one of them it was just deleted."""
SOON_AFTER = datetime.combine(date(2026, 11, 3), time(12, 40))
"""A poll minutes after a booking was deleted, in which OpenEMR is asked for the days around today alone."""
HELD_AT = datetime.combine(date(2026, 10, 28), time(12, 35))
UNREADABLE = datetime.combine(date(2026, 11, 5), time(7)), datetime.combine(date(2026, 11, 6), time(6))
"""From when to when the EHR cannot be reached."""
TRIED = datetime.combine(date(2026, 11, 5), time(12, 30))
"""The one poll that is tried meanwhile: each waits for seconds, and sixteen failures in a row are a reason to wait longer."""


@dataclass
class Diary:
    """What was seen. By the day: ``differences``; what a poll in which nothing was new wrote (``again``), and which versions
    it ``changed``. ``watched`` are statuses beside OpenEMR after each poll."""

    differences: dict[date, list[Difference]] = field(default_factory=dict)
    facets: dict[date, Facets] = field(default_factory=dict)
    """Beside OpenEMR."""
    again: dict[date, list[Delivered]] = field(default_factory=dict)
    changed: dict[date, set[str]] = field(default_factory=dict)
    watched: dict[datetime, dict[str, str]] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    """The key of the step that was put aside, by the source's slug."""
    holds: dict[date, list[tuple[str, str]]] = field(default_factory=dict)
    """Title and status of what has that key, in both."""
    tasks: dict[date, tuple[int, int]] = field(default_factory=dict)
    """How many milestones' Tasks stand beside each."""
    versions: dict[str, dict[str, list[Json]]] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class TwoClinics:
    """Both, and those beside them. ``store`` has the patients of OpenEMR's practice, and takes what Milepost writes."""

    clock: Clock
    server: RecordedOpenEmr
    openemr: InOpenEmr
    hapi: InHapi
    store: InHapi
    beside_openemr: Milepost
    beside_hapi: Milepost
    pool: ThreadPoolExecutor
    diary: Diary = field(default_factory=Diary)

    def begin(self) -> None:
        """What stands before Milepost comes."""
        with self.hapi.at_once(), self.store.at_once():
            for place, act in enumerate(script.prologue()):
                self.clock.now = _instant(script.BEFORE + timedelta(minutes=place))
                self.do(act)

    def do(self, act: Act) -> None:
        """In both. Who registers a patient does so for the practice's other records, too."""
        self.openemr.do(act)
        self.hapi.do(act)
        if isinstance(act, Register | Rename):
            self.store.do(act)

    def live(self, day: Day) -> None:
        """From midnight to the night after it."""
        moments: list[tuple[datetime, Callable[[], object]]] = [
            (datetime.combine(day.date, at.time), partial(self.do, at.act)) for at in day.acts
        ]
        polls = [datetime.combine(day.date, at) for at in POLLS]
        moments += [(at, self.poll) for at in (*polls, SOON_AFTER) if at.date() == day.date]
        if HELD_AT.date() == day.date:
            moments.append((HELD_AT, self._put_aside))
        for at, what in sorted(moments, key=lambda moment: moment[0]):
            self._now_is(at)
            what()
        self._now_is(datetime.combine(day.date + timedelta(days=1), NIGHT))
        self.night()
        self._look_at(day.date)

    def poll(self) -> Sequence[Delivered]:
        """Both workers; what each has delivered."""
        if self._wall == HALF_AN_ANSWER:
            self.server.answer_next_with("half", path="CarePlan")
        done = self._both(lambda milepost: milepost.poll() if self._reads(milepost) else milepost.work())
        self.diary.watched[self._wall] = {
            who: step.status.value
            for who in ("Finn", "Hana")
            for plan in self.beside_openemr.plans(self._patients()[who][0])
            for step in plan.milestones
            if step.title == script.VISIT
        }
        return done

    def night(self) -> None:
        """Compared, then read once more."""
        self._both(lambda milepost: milepost.night() if self._reads(milepost) else None)
        self.poll()

    def _reads(self, milepost: Milepost) -> bool:
        """Where an EHR cannot be read, what was decided is written all the same: to the store, and so to HAPI."""
        if UNREADABLE[0] <= self._wall < UNREADABLE[1]:
            return milepost is self.beside_openemr and self._wall == TRIED
        return milepost is self.beside_openemr or self._wall.time() not in (POLLS[0], SOON_AFTER.time())

    def _now_is(self, wall: datetime) -> None:
        self.clock.now = _instant(wall)
        if UNREADABLE[0] <= wall < UNREADABLE[1]:
            self.server.down()
        else:
            self.server.up()

    @property
    def _wall(self) -> datetime:
        return self.clock.now.astimezone(NEW_YORK).replace(tzinfo=None)

    def _both(self, what: Callable[[Milepost], T]) -> list[T]:
        return list(self.pool.map(what, (self.beside_openemr, self.beside_hapi)))

    def _put_aside(self) -> None:
        for milepost, patient in zip((self.beside_openemr, self.beside_hapi), self._patients()["Gus"], strict=True):
            self.diary.held[milepost.slug] = milepost.says(patient, script.DIET, script.HELD_UNTIL)

    # --------------------------------------------------------------------------------------------------- after each day
    def _look_at(self, day: date) -> None:
        diary = self.diary
        openemr, hapi = before = list(self.pool.map(Place.look, self._places()))
        diary.facets[day] = joined((openemr.facets(), *self._of_plans(0)))
        diary.differences[day] = differences(diary.facets[day], joined((hapi.facets(), *self._of_plans(1))))
        diary.tasks[day] = len(openemr.tasks), len(hapi.tasks)
        self.clock.now += timedelta(minutes=1)
        diary.again[day] = list(self.poll())
        after = self.pool.map(Place.look, self._places())
        diary.changed[day] = {
            ref
            for one, other in zip(before, after, strict=True)
            for ref, _ in one.versions().items() ^ other.versions().items()
        }
        diary.holds[day] = [
            (step.title, step.status.value)
            for milepost, patient in zip((self.beside_openemr, self.beside_hapi), self._patients()["Gus"], strict=True)
            if (step := milepost.step(patient, diary.held[milepost.slug]))
        ]

    def end(self) -> Diary:
        """After the last day: every version of what was written."""
        histories = self.pool.map(Place.histories, self._places())
        self.diary.versions = dict(zip(("openemr", "hapi"), histories, strict=True))
        self.diary.failures = {one.slug: one.failures for one in (self.beside_openemr, self.beside_hapi)}
        return self.diary

    def _places(self) -> tuple[Place, Place]:
        return (
            Place(self.store.base, self.store.tag, self.store.names(), self.openemr.owners(), self.store.session),
            Place(self.hapi.base, self.hapi.tag, self.hapi.names(), self.hapi.owners(), self.hapi.session),
        )

    def _of_plans(self, place: int) -> Iterator[Facets]:
        milepost = (self.beside_openemr, self.beside_hapi)[place]
        for who, refs in self._patients().items():
            plans, items = milepost.stands(refs[place])
            yield facets_of_plans(who, plans)
            yield facets_of_work(who, items)

    def _patients(self) -> dict[str, tuple[str, str]]:
        """Each one's reference in OpenEMR and in HAPI."""
        here = {who: id_ for id_, who in self.hapi.names().items()}
        return {who: (f"Patient/{id_}", f"Patient/{here[who]}") for id_, who in self.openemr.names().items()}


def _instant(wall: datetime) -> datetime:
    return wall.replace(tzinfo=NEW_YORK)


@contextmanager
def two_clinics(folder: Path, hapi: str) -> Iterator[TwoClinics]:
    """On the first morning, before Milepost has read anything. ``hapi`` is a running HAPI's base address."""
    clock = Clock(_instant(script.BEFORE))
    tag, store_tag = (FhirTag(TAG_SYSTEM, uuid4().hex) for _ in range(2))
    clinic = Clinic(clock=clock, seed=uuid4().int)
    with ExitStack() as held:
        server = held.enter_context(recorded_openemr(clinic, dress=with_pages))
        types = f"{server.fhir_base}/ValueSet/appointment-type"
        ehrs = InHapi(hapi, tag, clock, NEW_YORK, types), InHapi(hapi, store_tag, clock, NEW_YORK, types)
        for ehr in ehrs:
            held.enter_context(ehr.session)
        openemr = InOpenEmr(clinic)
        openemr.open()
        ehrs[0].open()
        here, ours = held.enter_context(installed(folder / "openemr", clock, types))
        there, theirs = held.enter_context(installed(folder / "hapi", clock, types))
        keys = [key for key in ours.jwks()["keys"] if key["alg"] == "RS384"]  # type: ignore[attr-defined]  # a JWK Set
        redirect = ["https://milepost.test/callback"]
        client = clinic.register_client("reading", " ".join(FOR_READING), jwks={"keys": keys}, redirect_uris=redirect)
        made = TwoClinics(
            clock,
            server,
            openemr,
            *ehrs,
            beside_openemr(here, ours, server.fhir_base, client.id, store=hapi, tag=store_tag),
            beside_hapi(there, theirs, hapi, tag, ehrs[0].seen),
            held.enter_context(ThreadPoolExecutor(2)),
        )
        made.begin()
        yield made

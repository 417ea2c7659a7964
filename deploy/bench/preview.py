"""A preview on the whole caseload: the demo's charts, one draft that changes few patients and one that changes many."""

import copy
import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from deploy.bench.installation import ZONE, BenchFailure, Installation, Milepost, services_on
from deploy.demo.generator.chart import Run
from deploy.demo.generator.practice import practice_resources
from deploy.demo.generator.stream import DEFAULT_SEED, write_patient
from deploy.demo.generator.tally import Tally
from fhir_adapters.bundle import read_bundle
from plugin.domain.account import SignedIn
from plugin.domain.configuration import LADDER, PROGRAM
from plugin.domain.permissions import Role
from plugin.domain.preview import Preview
from plugin.domain.record import CarePlan, Fact
from plugin.domain.source import Cursor
from plugin.usecases.backlog import FIRST_READ
from plugin.usecases.drafts import begin_draft
from plugin.usecases.keeping import NOBODY, patients_of
from plugin.usecases.preview import ask_preview
from plugin.usecases.run_preview import run_preview
from plugin.usecases.tick import tick

PATIENTS = 5_000
AT_ONCE = 250
WORKERS = 2
_LOOK_AGAIN_S = 0.005

Body = dict[str, Any]  # Any: a program as TOML has it


@dataclass(frozen=True)
class PreviewFigures:
    """Patients a second, by the number of workers: of a draft that changes few of them, and of one that changes many."""

    few: Mapping[int, float]
    many: Mapping[int, float]
    changed_few: int
    changed_many: int


def measure_previews(installation: Installation, patients: int = PATIENTS) -> PreviewFigures:
    """On a caseload of the demo's charts. The first preview of a process is not measured: nothing is warm yet."""
    with installation.fresh() as milepost:
        _fill(milepost, patients)
        few = _draft(milepost, PROGRAM, "chronic-care", _due_earlier)
        many = _draft(milepost, LADDER, "standard", _climbs_earlier)
        with _second(installation) as second:
            _timed(milepost, few, second)
            found = {
                (draft, workers): _timed(milepost, draft, second if workers == WORKERS else None)
                for draft in (few, many)
                for workers in (1, WORKERS)
            }
    return PreviewFigures(
        few={workers: found[few, workers].per_s or 0 for workers in (1, WORKERS)},
        many={workers: found[many, workers].per_s or 0 for workers in (1, WORKERS)},
        changed_few=_changed(found[few, 1]),
        changed_many=_changed(found[many, 1]),
    )


def _fill(milepost: Milepost, patients: int) -> None:
    """Facts straight into storage, then one look at everybody, so that all is up to date."""
    database, source = milepost.services.database, milepost.source
    now = milepost.services.clock()
    today = now.astimezone(ZoneInfo(ZONE)).date()
    run = Run(today, DEFAULT_SEED, "", Tally())
    shared = list(practice_resources(run))
    with database.begin() as uow:
        uow.sources.move(source, FIRST_READ, Cursor(datetime(2000, 1, 1, tzinfo=UTC).isoformat(), complete=True), now)
        uow.sources.read_ok(source, now)
        uow.commit()
    for start in range(0, patients, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, patients))
        resources = [one for number in numbers for one in write_patient(run, number, None).resources]
        facts = _facts([*shared, *resources])
        planned = sorted({fact.subject for fact in facts if isinstance(fact, CarePlan) and fact.subject})
        tracked = {*planned, NOBODY}
        placed = [(fact, [whose for whose in patients_of(fact) if whose in tracked]) for fact in facts]
        with database.begin() as uow:
            uow.patients.track(source, planned, now, read_back=False)
            uow.facts.store(source, [(fact, whose) for fact, whose in placed if whose], now)
            uow.commit()
    tick(milepost.services)


def _facts(resources: Sequence[object]) -> Sequence[Fact]:
    entries = [{"resource": one} for one in resources]
    return read_bundle(orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})).facts


def _draft(milepost: Milepost, kind: str, code: str, change: Callable[[Body], None]) -> int:
    services = milepost.services
    with services.database.begin(reading=True) as uow:
        versions = uow.configurations.current(services.clock())
    body = copy.deepcopy(dict(next(v for v in versions if (v.kind, v.code) == (kind, code)).body))
    change(body)
    return begin_draft(services, _editor(services.clock()), kind, code, body=body).id


def _due_earlier(body: Body) -> None:
    """One step of a program that one patient in seven has."""
    next(step for step in body["milestones"] if step["code"] == "medication-check")["due"] = {"days": 80}


def _climbs_earlier(body: Body) -> None:
    """The ladder that everybody's gaps climb."""
    body["tiers"][1]["from_days"] = 5
    body["tiers"][2] |= {"kind": "work", "role": "provider"}


def _timed(milepost: Milepost, draft_id: int, second: "_Second | None") -> Preview:
    services = milepost.services
    asked = ask_preview(services, _editor(services.clock()), draft_id)
    if second is not None:
        second.help_with(asked.id)
    run_preview(services, asked.id)
    with services.database.begin(reading=True) as uow:
        done = uow.previews.get(asked.id)
    if done.sums is None or done.sums.failed:
        raise BenchFailure(f"A preview {done.state}: {done.failed}")
    return done


def _changed(preview: Preview) -> int:
    return preview.sums.changed if preview.sums else 0


def _editor(now: datetime) -> SignedIn:
    return SignedIn(
        session="bench",
        person_id=1,
        who="user:1",
        name="Bench",
        roles=(Role.PROGRAM_EDITOR.value,),
        origin="127.0.0.1",
        signed_in_at=now,
        proven_at=now,
        ends_at=now,
    )


class _Second:
    """Another worker, who joins as soon as there is something to join: here no broker asks for it."""

    def __init__(self, installation: Installation) -> None:
        context = multiprocessing.get_context("spawn")
        self._end, theirs = context.Pipe()
        self._process = context.Process(target=_listen, args=(theirs, installation), daemon=True)
        self._process.start()
        theirs.close()

    def help_with(self, preview_id: int) -> None:
        """With this one."""
        self._end.send(preview_id)

    def leave(self) -> None:
        """It is needed no more."""
        self._end.close()
        self._process.join(10)


@contextmanager
def _second(installation: Installation) -> Iterator[_Second]:
    second = _Second(installation)
    try:
        yield second
    finally:
        second.leave()


def _listen(end: Any, installation: Installation) -> None:  # Any: a pipe takes anything
    services = services_on(installation.settings(installation.url))
    while True:
        try:
            preview_id = end.recv()
        except EOFError:
            break
        while True:
            with services.database.begin(reading=True) as uow:
                preview = uow.previews.get(preview_id)
            if preview.snapshot is not None or preview.is_over:
                break
            time.sleep(_LOOK_AGAIN_S)
        run_preview(services, preview_id)
    services.database.close()

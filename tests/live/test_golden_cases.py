"""Each golden case goes through HAPI, the feed and storage, and what is stored equals the case."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deploy.hapi.server import HapiServer
from fhir_adapters.ehr import FhirEhr
from fhir_adapters.http import FhirHttp
from fhir_adapters.mapping import instant
from plugin.bootstrap import build, prepare
from plugin.config import settings
from plugin.domain.answer import plan_answer
from plugin.domain.calendar import Practice
from plugin.domain.errors import VersionConflict
from plugin.domain.source import Source
from plugin.usecases.services import Services
from plugin.usecases.sync import read_source
from plugin.usecases.tick import tick
from tests.golden import Case, Json, cases, faults

pytestmark = pytest.mark.live

TAG = "https://milepost.example/test-run"

NOT_KEPT = {"a date inside scheduledString": "scheduledString"}
"""Cases that HAPI cannot hold, with the element that it drops: of two values of one choice (OpenEMR writes scheduledPeriod
and scheduledString) its parser keeps one. They go through `evaluate` alone."""


class _Chart:
    """A case's resources as they stand in HAPI: ids carry the case's name, the tag finds them."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.prefix = f"{case.slug}-"
        self.resources: list[Json] = [self._named(entry["resource"]) for entry in case.bundle["entry"]]
        self.names = {f"{r['resourceType']}/{r['id']}" for r in self.resources}
        self.seen = {
            f"{resource['resourceType']}/{self.prefix}{resource['id']}": resource.get("meta", {}).get("lastUpdated")
            for resource in (entry["resource"] for entry in case.bundle["entry"])
        }

    @property
    def stubs(self) -> list[Json]:
        """Targets that the case refers to and does not have: made, and deleted again afterwards."""
        wanted = {ref for resource in self.resources for ref in _references(resource)} - self.names
        stubs = (ref.partition("/") for ref in sorted(wanted))
        return [{"resourceType": type_, "id": id_} for type_, _, id_ in stubs]

    def _named(self, resource: Json) -> Json:
        named: Json = json.loads(json.dumps(resource), object_hook=self._prefixed)
        meta = named.get("meta", {})
        named["meta"] = {"tag": [*meta.get("tag", []), {"system": TAG, "code": self.prefix}]}
        return named | {"id": f"{self.prefix}{resource['id']}"}

    def _prefixed(self, value: Json) -> Json:
        reference = value.get("reference")
        if isinstance(reference, str) and "/" in reference:
            type_, _, id_ = reference.partition("/")
            return value | {"reference": f"{type_}/{self.prefix}{id_}"}
        return value


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str):
            yield reference
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _put(http: FhirHttp, resources: list[Json]) -> None:
    entries = [
        {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}} for r in resources
    ]
    http.transaction({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def _delete(http: FhirHttp, reference: str) -> None:
    """HAPI 8.8 answers 409 (HAPI-0826) now and then where a resource was written a moment ago: once more, then."""
    for _ in range(5):
        try:
            http.delete(reference)
        except VersionConflict:
            continue
        return
    http.delete(reference)


@pytest.fixture(scope="module")
def http(hapi: HapiServer) -> FhirHttp:
    """The server that holds every case."""
    return FhirHttp(hapi.base_url)


@pytest.fixture
def services(postgres_url: str, tmp_path: Path) -> Iterator[Services]:
    """Milepost on a database of its own."""
    here = settings({"MILEPOST_DATABASE_URL": postgres_url, "MILEPOST_KEY_FILE": str(tmp_path / "key")})
    prepare(here)
    built = build(here)
    yield built
    built.database.close()


def _services_for(services: Services, chart: _Chart, http: FhirHttp, clock: list[datetime]) -> Services:
    """`seen` comes from the case, since HAPI stamps `meta.lastUpdated` itself; the clock is the case's."""

    def seen(raw: Any) -> datetime | None:
        stamp = chart.seen.get(f"{raw['resourceType']}/{raw['id']}")
        return instant(stamp) if stamp else None

    def ehr(source: Source) -> FhirEhr:
        return FhirEhr(http, source, seen=seen)

    practice = Practice(ZoneInfo(chart.case.zone))
    return dataclasses.replace(services, ehr=ehr, practice=practice, clock=lambda: clock[0])


@pytest.mark.parametrize("case", [case for case in cases() if case.name in NOT_KEPT], ids=lambda case: case.name)
def test_what_hapi_does_not_keep(case: Case, http: FhirHttp) -> None:
    """The cases left out below are those that HAPI itself changes: the element is gone when it is read again."""
    chart = _Chart(case)

    _put(http, chart.resources)

    element = f'"{NOT_KEPT[case.name]}":'
    assert element in json.dumps(case.bundle)
    assert element not in json.dumps(http.get(f"CarePlan/{chart.prefix}cp1"))


@pytest.mark.parametrize("case", [case for case in cases() if case.name not in NOT_KEPT], ids=lambda case: case.name)
def test_case(case: Case, http: FhirHttp, services: Services) -> None:
    """What is stored after HAPI, feed and storage equals the case, at each of its moments."""
    chart = _Chart(case)
    if chart.stubs:
        _put(http, chart.stubs)
    _put(http, chart.resources)
    for stub in chart.stubs:
        _delete(http, f"{stub['resourceType']}/{stub['id']}")
    clock = [min(datetime.fromisoformat(expected["at"]) for expected in case.expect).astimezone(UTC)]
    services = _services_for(services, chart, http, clock)
    with services.database.begin() as uow:
        draft = Source(id=0, slug="main", base_url=http.base_url, search_filter={"_tag": f"{TAG}|{chart.prefix}"})
        source = uow.sources.add(draft, clock[0])
        uow.commit()

    read_source(services, source)

    found: list[str] = []
    patient = f"Patient/{chart.prefix}p1"
    for expected in sorted(case.expect, key=lambda e: datetime.fromisoformat(e["at"])):
        clock[0] = datetime.fromisoformat(expected["at"]).astimezone(UTC)
        with services.database.begin() as uow:
            uow.patients.mark_all(clock[0])
            uow.commit()
        tick(services)
        today = services.practice.day(clock[0])
        with services.database.begin(reading=True) as uow:
            stored = [plan_answer(plan) for plan in uow.plans.of_patient(source, patient, today)]
        found += faults(expected, json.loads(json.dumps(stored).replace(chart.prefix, "")))
    assert found == []

"""An act in the panel reaches the EHR while others are worked on: web process, broker, the people's worker and HAPI,
all real."""

import contextlib
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from deploy.hapi.server import HapiServer
from plugin import bootstrap, config
from plugin.app import create_app
from plugin.domain.assessment import Milestone, Status
from plugin.domain.launch import Identity, PanelSession, Tokens
from plugin.domain.permissions import Role
from plugin.domain.writes import task_ref
from plugin.usecases.services import Services
from tests.live.installation import Installation, wait_for
from tests.servers import FhirTag
from tests.tabs import an_issuer, shown
from ui_extension.panel.keys import KeyConverter

pytestmark = pytest.mark.live

STEPS = 20
OTHERS = 150
"""Patients who come meanwhile: they are read, assessed and written while somebody acts."""

Json = dict[str, Any]  # Any: FHIR's own JSON


class Chart:
    """Synthetic patients in HAPI: one with a plan of many steps, and many with a step each; and a nurse."""

    def __init__(self, base: str, tag: FhirTag) -> None:
        self.base, self.tag = base, tag
        self.patient = f"{tag.code[:12]}-0"
        self.nurse = f"nurse-{tag.code[:12]}"
        self.session = requests.Session()
        self.session.trust_env = False

    def enter(self) -> None:
        """Nurse and patient."""
        nurse = {"resourceType": "Practitioner", "id": self.nurse, "name": [{"text": "Nurse Testfall"}]}
        self._post([nurse, *self._chart(0, STEPS)])

    def enter_others(self) -> None:
        """All at once, as an import does."""
        self._post([resource for number in range(1, OTHERS + 1) for resource in self._chart(number, 1)])

    def task(self, key: str) -> Json:
        """Our Task of a milestone as it stands now."""
        answer = self.session.get(f"{self.base}/{task_ref(key)}", timeout=30)
        found: Json = answer.json() if answer.ok else {}
        return found

    def is_done(self, key: str) -> bool:
        """Whether that Task says so."""
        return bool(self.task(key)["status"] == "completed")

    def agents(self, key: str) -> Mapping[str, str]:
        """Whom the newest Provenance of that Task names, by what they did."""
        params = {"target": task_ref(key), "_sort": "-_lastUpdated", "_count": "1"}
        answer = self.session.get(
            f"{self.base}/Provenance", params=params, headers={"Cache-Control": "no-cache"}, timeout=30
        ).json()
        agents = answer["entry"][0]["resource"]["agent"]
        return {agent["type"]["coding"][0]["code"]: agent["who"]["reference"] for agent in agents}

    def _chart(self, number: int, steps: int) -> list[Json]:
        name, now = f"{self.tag.code[:12]}-{number}", datetime.now(UTC).date()
        activities = [
            {
                "detail": {
                    "kind": "Task",
                    "status": "not-started",
                    "code": {"text": f"Step {step}", "coding": [{"system": "http://loinc.org", "code": f"{step}-0"}]},
                    "scheduledPeriod": {"end": (now + timedelta(days=5 + step)).isoformat()},
                }
            }
            for step in range(steps)
        ]
        plan = {
            "resourceType": "CarePlan",
            "id": name,
            "status": "active",
            "intent": "plan",
            "subject": {"reference": f"Patient/{name}"},
            "period": {"start": (now - timedelta(days=30)).isoformat()},
            "activity": activities,
        }
        return [{"resourceType": "Patient", "id": name, "name": [{"family": "Testfall"}]}, plan]

    def _post(self, resources: list[Json]) -> None:
        entries = [
            {
                "resource": {**resource, "meta": {"tag": [self.tag.coding]}},
                "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
            }
            for resource in resources
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = self.session.post(self.base, json=bundle, timeout=120)
        assert answer.ok, answer.text


@pytest.fixture
def chart(hapi: HapiServer, fhir_tag: FhirTag) -> Iterator[Chart]:
    """Nobody is in it yet."""
    made = Chart(hapi.base_url, fhir_tag)
    yield made
    made.session.close()


class Nurse:
    """A coordinator who has the panel of the one patient open."""

    def __init__(self, services: Services, client: FlaskClient, chart: Chart) -> None:
        self._services, self._client, self._patient = services, client, f"Patient/{chart.patient}"
        self._token = secrets.token_urlsafe(32)
        self._open(f"Practitioner/{chart.nurse}")

    def steps(self) -> list[Milestone]:
        """The patient's milestones, as they are stored."""
        with self._services.database.begin(reading=True) as uow:
            plans = uow.plans.of_patient(uow.sources.get("hapi"), self._patient, datetime.now(UTC).date())
        return [step for plan in plans for step in plan.milestones]

    def marks_done(self, key: str) -> float:
        """Opens the form, says how it is known, and sends it; how many seconds the answer took."""
        path = f"/panel/acts/done/{KeyConverter.to_url(None, key)}"  # type: ignore[arg-type]  # needs no self
        form = self._client.get(path, headers=shown(self._token))
        assert form.status_code == 200, form.text
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.text))
        began = time.monotonic()
        answer = self._client.post(path, data={**hidden, "note": "Seen."}, headers=shown(self._token))
        took = time.monotonic() - began
        assert answer.status_code == 200, answer.text
        assert "Marked done." in answer.text
        return took

    def _open(self, fhir_user: str) -> None:
        now = datetime.now(UTC)
        with self._services.database.begin() as uow:
            issuer = uow.issuers.add(an_issuer(source="hapi"), now)
            identity = Identity(oidc_issuer=issuer.oidc_issuer, subject="nurse", fhir_user=fhir_user)
            person = uow.people.grant(uow.people.seen(identity, now), [Role.COORDINATOR], now, "the test")
            source = uow.sources.get("hapi")
            uow.commit()
        session = PanelSession(
            launch="live-launch",
            issuer=issuer.slug,
            source_id=source.id,
            patient=self._patient,
            person_id=person.id,
            who=person.who,
            name=None,
            roles=person.roles,
            scopes=(),
            opened_at=now,
            ends_at=now + timedelta(hours=1),
        )
        tokens = Tokens(access="none", expires_at=now + timedelta(hours=1))
        self._services.launches.open(self._token, session, tokens)


@contextlib.contextmanager
def panel_of(made: Installation, chart: Chart) -> Iterator[Nurse]:
    """The web process in this one, with the installation's own database, Redis and broker."""
    services = bootstrap.connected(config.settings(made.settings))
    try:
        yield Nurse(services, create_app(services).test_client(), chart)
    finally:
        services.database.close()


def slowest(times: list[float]) -> float:
    """The 95th percentile, of few the slowest but none in twenty."""
    return sorted(times)[-1 - len(times) // 20]


def test_an_act_is_in_the_ehr_while_others_are_worked_on(
    tmp_path: Path, postgres_url: str, redis_url: str, chart: Chart, tell: Callable[[str], None]
) -> None:
    """While others are read, assessed and written: the answer shows it at once, the Task in HAPI has it (within 2 s, says the
    figure at the end of the run), and its Provenance names the nurse beside Milepost."""
    made = Installation.at(tmp_path, postgres_url, redis_url, poll_seconds="2", tick_seconds="2", overlap_seconds="2")
    chart.enter()
    made.milepost("source", "add", "hapi", chart.base, "--filter", f"_tag={chart.tag.system}|{chart.tag.code}")

    with made.running("reading worker", "acting worker", "people worker", "beat"), panel_of(made, chart) as nurse:
        wait_for("the plan is known", lambda: len(nurse.steps()) == STEPS, 150, 0.5)
        keys = [step.key for step in nurse.steps()]
        wait_for("its Tasks stand in HAPI", lambda: all(chart.task(key) for key in keys), 150, 0.5)
        chart.enter_others()
        answers, ways = [], []
        for key in keys:
            answers.append(nurse.marks_done(key))
            ways.append(wait_for("HAPI has it", partial(chart.is_done, key), 120, 0.05))
        done = [step.status for step in nurse.steps()]

    assert done == [Status.COMPLETED] * STEPS
    assert chart.agents(keys[-1]) == {"author": f"Practitioner/{chart.nurse}", "assembler": "Device/milepost"}
    tell(f"act -> answer: p95 {slowest(answers) * 1000:.0f} ms; act -> Task in HAPI: p95 {slowest(ways):.2f} s")

"""A transaction of another client that commits late: its resources carry an older stamp than what was already read
(reference: HAPI stamps with the transaction's beginning, and shows at its end)."""

import threading
import time
from typing import Any

import pytest
import requests
from sqlalchemy import create_engine, func, select

from deploy.demo.generator.fhir import TAG_SYSTEM
from plugin.storage.tables import fact
from plugin.usecases.sync import read_source
from tests.faults.inside import Inside, inside
from tests.faults.practice import Practice
from tests.faults.site import Site, Watched

pytestmark = [pytest.mark.live, pytest.mark.fault]

MANY = 2_500
HEAD_START_S = 0.7
MOST_ROUNDS = 4
"""On a busy machine the large one may be over before the small one is read."""
LONGEST_S = 120.0

Json = dict[str, Any]  # FHIR's own JSON


def a_result(practice: Practice, name: str) -> Json:
    """An HbA1c of the first patient's."""
    return {
        "resourceType": "Observation",
        "id": f"demo-{practice.tag}-{name}",
        "meta": {"tag": [{"system": TAG_SYSTEM, "code": practice.tag}]},
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
        "subject": {"reference": f"Patient/demo-{practice.tag}-patient-000000"},
        "effectiveDateTime": practice.today.isoformat(),
    }


def post(practice: Practice, results: list[Json]) -> None:
    """In one transaction."""
    entries = [{"resource": r, "request": {"method": "PUT", "url": f"Observation/{r['id']}"}} for r in results]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    with requests.Session() as session:
        session.trust_env = False
        session.post(practice.base_url, json=bundle, timeout=LONGEST_S).raise_for_status()


def stored(watched: Watched, name: str) -> int:
    """How many facts of that name are stored."""
    engine = create_engine(watched.milepost.database_url)
    try:
        with engine.connect() as connection:
            named = fact.c.ref.like(f"Observation/demo-{watched.practice.tag}-{name}%")
            return connection.execute(select(func.count()).where(named)).scalar_one()
    finally:
        engine.dispose()


def poll(milepost: Inside) -> None:
    """What is new since the last time."""
    read_source(milepost.services, milepost.source)


def test_nothing_of_a_late_commit_is_missed(site: Site) -> None:
    """A poll reads what was written after the large transaction began and before it ended; the next poll, which must go
    back behind that, brings all of the transaction."""
    with site.watched(practice=site.practice(6)) as watched:
        milepost, practice = inside(watched.milepost), watched.practice
        poll(milepost)
        round_ = 0

        while True:
            round_ += 1
            large = [a_result(practice, f"late-{round_}-{number}") for number in range(MANY)]
            writing = threading.Thread(target=post, args=(practice, large))
            writing.start()
            time.sleep(HEAD_START_S)
            post(practice, [a_result(practice, f"early-{round_}")])
            poll(milepost)
            seen = stored(watched, f"early-{round_}"), stored(watched, f"late-{round_}"), writing.is_alive()
            writing.join()
            if seen[1:] == (0, True) or round_ == MOST_ROUNDS:
                break
        poll(milepost)

        assert seen == (1, 0, True), "the large transaction was never under way while the small one was read"
        assert stored(watched, f"late-{round_}") == MANY

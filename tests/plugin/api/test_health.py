"""Liveness, readiness and metrics, and who is told how much."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.app import create_app
from plugin.domain.errors import OlderDatabase, TemporaryFailure, Unreachable
from tests.builders import World

TOKEN = "a-token-of-the-test"
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


def test_the_process_lives_whatever_else_is_broken(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Restarting the process would not bring the database back."""
    monkeypatch.setattr(world.database, "check", _raiser(TemporaryFailure("the database does not answer")))

    answer = client.get("/healthz", environ_base=ELSEWHERE)

    assert answer.status_code == 200
    assert answer.json == {"status": "ok"}


def test_all_is_well(client: FlaskClient, world: World) -> None:
    """Database and broker answer, and the source was read a moment ago."""
    world.sweep()
    world.clock.forward(seconds=30)

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["status"] == "ok"
    assert answer.json["database"] == answer.json["broker"] == "ok"
    (source,) = answer.json["sources"]
    assert (source["source"], source["state"], source["age_s"]) == ("main", "ok", 30)


@pytest.mark.parametrize(
    ("later", "state", "status"),
    [(timedelta(hours=2) - timedelta(seconds=1), "ok", 200), (timedelta(hours=2, seconds=1), "behind", 503)],
)
def test_a_source_is_behind_after_its_limit(
    client: FlaskClient, world: World, later: timedelta, state: str, status: int
) -> None:
    """Says which one, and since when."""
    world.sweep()
    read_at = world.clock()
    world.clock.forward(seconds=later.total_seconds())

    answer = client.get("/readyz")

    assert answer.status_code == status
    assert answer.json is not None
    (source,) = answer.json["sources"]
    assert source["state"] == state
    assert source.get("behind_since") == (read_at.isoformat(timespec="seconds") if state == "behind" else None)


def test_a_source_that_was_never_read_is_behind(client: FlaskClient) -> None:
    """There is no date to name, so it is said in words."""
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["sources"][0]["behind_since"] == "it was added: it was never read completely"


def test_the_reason_is_told_as_long_as_it_holds(client: FlaskClient, world: World) -> None:
    """The last failure, in the words that it had; gone after the next good reading."""
    world.sweep()
    world.server.down = True
    world.clock.forward(hours=3)
    with pytest.raises(TemporaryFailure):
        world.sweep()

    while_down = client.get("/readyz").json
    world.server.down = False
    world.sweep()
    afterwards = client.get("/readyz").json

    assert while_down is not None
    assert afterwards is not None
    assert while_down["sources"][0]["last_error"] == "The server does not answer."
    assert "last_error" not in afterwards["sources"][0]


@pytest.mark.parametrize("part", ["database", "broker"])
def test_what_does_not_answer_is_named(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """Not ready, and the words of what is wrong stand beside its name."""
    port = world.database if part == "database" else world.jobs
    monkeypatch.setattr(port, "check", _raiser(Unreachable(f"the {part} does not answer")))

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json[part] == f"the {part} does not answer"


def test_a_schema_that_does_not_fit_is_not_ready(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What will never answer is told like what does not answer now."""
    monkeypatch.setattr(world.database, "check", _raiser(OlderDatabase("run `milepost upgrade`")))

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["database"] == "run `milepost upgrade`"


def test_from_elsewhere_only_ok_or_not(client: FlaskClient, world: World) -> None:
    """The names of sources and their errors are for who runs Milepost."""
    behind = client.get("/readyz", environ_base=ELSEWHERE)
    world.sweep()
    well = client.get("/readyz", environ_base=ELSEWHERE)

    assert (behind.status_code, behind.json) == (503, {"status": "not ok"})
    assert (well.status_code, well.json) == (200, {"status": "ok"})


def test_through_a_proxy_on_this_machine_is_from_elsewhere(client: FlaskClient) -> None:
    """A reverse proxy makes every stranger come from 127.0.0.1."""
    answer = client.get("/readyz", headers={"X-Forwarded-For": "127.0.0.1"})

    assert answer.json == {"status": "not ok"}


def test_the_token_opens_the_detail_from_elsewhere(client: FlaskClient) -> None:
    """For a Prometheus on another machine."""
    answer = client.get("/readyz", environ_base=ELSEWHERE, headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.json is not None
    assert "sources" in answer.json


@pytest.mark.parametrize("shown", ["", "Bearer ", "Bearer wrong", TOKEN, "Bearer a-token-of-the-tesT", "Bearer \xe9"])
def test_metrics_are_not_there_for_strangers(client: FlaskClient, shown: str) -> None:
    """From elsewhere, without the right token, the page does not exist."""
    answer = client.get("/metrics", environ_base=ELSEWHERE, headers={"Authorization": shown})

    assert answer.status_code == 404


def test_without_a_token_setting_no_token_opens(world: World) -> None:
    """An empty setting is no password."""
    client = create_app(world.services, metrics_token=None).test_client()

    for shown in ("Bearer ", "Bearer None", ""):
        assert client.get("/metrics", environ_base=ELSEWHERE, headers={"Authorization": shown}).status_code == 404


def test_metrics_are_told_on_this_machine_and_with_the_token(client: FlaskClient) -> None:
    """In Prometheus' own content type, with the gauges of this moment."""
    here = client.get("/metrics")
    elsewhere = client.get("/metrics", environ_base=ELSEWHERE, headers={"Authorization": f"Bearer {TOKEN}"})

    for answer in (here, elsewhere):
        assert answer.status_code == 200
        assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
        assert "patients_due" in answer.text


def _raiser(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail

"""The hook of a source: "poll now" for who knows path and secret, nothing for anybody else (threat row 13: spoofing,
replay)."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from plugin.api.webhooks import STRANGERS_PER_SECOND, hook_pages
from plugin.app import create_app
from plugin.usecases.ports import UnitOfWork
from tests.builders import World

HOOK = "/hooks/fhir/path"
SECRET = {"Authorization": "Bearer secret"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", HOOK),
        ("POST", f"{HOOK}/"),
        ("PUT", f"{HOOK}/Appointment/17"),
        ("POST", f"{HOOK}/Appointment/17"),
        ("DELETE", f"{HOOK}/Appointment/17"),
    ],
)
def test_the_forms_in_which_hapi_calls_mean_poll_now(client: FlaskClient, world: World, method: str, path: str) -> None:
    """Without payload a bare POST, with payload a PUT of the resource, on deletion a DELETE (HAPI 8.8.0)."""
    answer = client.open(path, method=method, headers=SECRET)

    assert answer.status_code == 202
    assert answer.data == b""
    assert world.jobs.asked == [f"poll {world.source.id}"]


@pytest.mark.parametrize(
    "forged",
    [
        ("/hooks/fhir/elsewhere", "Bearer secret"),
        (HOOK, ""),
        (HOOK, "Bearer "),
        (HOOK, "secret"),
        (HOOK, "Bearer Secret"),
        (HOOK, "Bearer secret2"),
        (HOOK, "Basic secret"),
        (HOOK, "Bearer secr\xe9t"),
        (f"{HOOK}/Appointment/17", "Bearer wrong"),
    ],
)
def test_forged_calls_look_all_the_same_and_do_nothing(
    client: FlaskClient, world: World, forged: tuple[str, str]
) -> None:
    """Nobody learns whether the path or the secret was wrong, or that there is a hook at all."""
    path, shown = forged

    answer = client.post(path, headers={"Authorization": shown})
    nothing_there = client.post("/no/such/page")

    assert answer.status_code == 404
    assert answer.data == nothing_there.data
    assert world.jobs.asked == []


def test_a_source_without_a_secret_has_no_hook(client: FlaskClient, world: World) -> None:
    """An empty secret is not a secret that everybody knows."""
    with world.database.begin() as uow:
        uow.sources.update(replace(world.source, hook_secret=None), world.clock())
        uow.commit()

    answers = [
        client.post(HOOK, headers={"Authorization": shown}).status_code for shown in ("", "Bearer ", "Bearer None")
    ]

    assert answers == [404, 404, 404]
    assert world.jobs.asked == []


def test_what_a_call_carries_changes_nothing(client: FlaskClient, world: World) -> None:
    """The body is not read: a forged, old or broken resource is the same call as none."""
    bodies = [b"", b"{", b'{"resourceType":"Appointment","id":"other","status":"noshow"}', b"\x00" * 1000]

    answers = [client.put(f"{HOOK}/Appointment/17", headers=SECRET, data=body).status_code for body in bodies]

    assert answers == [202] * 4
    assert world.jobs.asked == [f"poll {world.source.id}"] * 4
    assert world.kept() == set()


def test_old_repeated_and_reordered_calls_are_the_same_call(client: FlaskClient, world: World) -> None:
    """Each asks for a poll; what has changed is then read from the server, in the server's own order."""
    calls = ["Appointment/2/_history/2", "Appointment/2", "Appointment/1", "Appointment/2", "CarePlan/1"]

    answers = [client.put(f"{HOOK}/{call}", headers=SECRET).status_code for call in calls]

    assert answers == [404, 202, 202, 202, 202], "the first is no form that a server uses"
    assert set(world.jobs.asked) == {f"poll {world.source.id}"}


def test_a_body_without_end_is_refused_unread(client: FlaskClient, world: World) -> None:
    """More than a megabyte is nobody's news."""
    answer = client.post(HOOK, headers=SECRET, data=b"x" * (1024 * 1024 + 1))

    assert answer.status_code == 413
    assert world.jobs.asked == []


def test_a_flood_of_strangers_is_turned_away(world: World) -> None:
    """After so many a second they hear "come back later", and the database is not asked for them."""
    now = 0.0
    app = Flask("test")
    app.register_blueprint(hook_pages(world.services, clock=lambda: now))
    client = app.test_client()

    flood = [client.post(f"/hooks/fhir/guess-{number}").status_code for number in range(3 * STRANGERS_PER_SECOND)]
    now += 1.0
    later = client.post("/hooks/fhir/guess").status_code

    assert flood == [404] * STRANGERS_PER_SECOND + [429] * 2 * STRANGERS_PER_SECOND
    assert later == 404


def test_a_wrong_secret_is_counted_as_a_stranger(world: World) -> None:
    """Trying secrets on a path that is known gets nowhere either."""
    app = Flask("test")
    app.register_blueprint(hook_pages(world.services, clock=lambda: 0.0))
    client = app.test_client()
    client.post(HOOK, headers=SECRET)

    tries = [client.post(HOOK, headers={"Authorization": f"Bearer {n}"}).status_code for n in range(40)]

    assert set(tries) == {404, 429}
    assert tries.count(404) <= STRANGERS_PER_SECOND


def test_the_flood_does_not_drown_the_server_itself(world: World) -> None:
    """Who knows the secret is heard while strangers are turned away."""
    app = Flask("test")
    app.register_blueprint(hook_pages(world.services, clock=lambda: 0.0))
    client = app.test_client()
    client.post(HOOK, headers=SECRET)
    for number in range(3 * STRANGERS_PER_SECOND):
        client.post(f"/hooks/fhir/guess-{number}")

    assert client.post(HOOK, headers=SECRET).status_code == 202


def test_a_thousand_calls_ask_the_database_once(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HAPI calls for every resource of a transaction; that many polls are joined where jobs are sent."""
    asked: list[bool] = []
    begin = world.database.begin

    def counting(*, reading: bool = False) -> UnitOfWork:
        asked.append(reading)
        return begin(reading=reading)

    monkeypatch.setattr(world.database, "begin", counting)

    for _ in range(1000):
        client.post(HOOK, headers=SECRET)

    assert len(asked) == 1


def test_come_back_later_says_when(world: World) -> None:
    """A 429 of ours carries Retry-After, as we ask of others."""
    client = create_app(world.services).test_client()

    answers = [client.post(f"/hooks/fhir/guess-{number}") for number in range(2 * STRANGERS_PER_SECOND)]

    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert answers[-1].json == {"error": "Too Many Requests", "status": 429}

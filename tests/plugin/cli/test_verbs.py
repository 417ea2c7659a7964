"""What each verb prints, for people and for scripts, over a practice of fakes."""

import json
from pathlib import Path

import pytest

from plugin.cli.command import outcome
from tests.builders import World, a_plan
from tests.plugin.cli.typed import Typed


def test_sweep_sums_up(world: World, typed: Typed) -> None:
    """What was read, assessed and written, and how long each took."""
    first = typed.text("sweep")
    again = typed.json("sweep", "main")

    assert "read 5 resources" in first
    assert "reassessed 2 patients: 2 changed" in first
    assert "wrote 4 resources" in first
    assert again["delivered"]["written"] == 0
    assert set(again["seconds"]) == {"read", "reassess", "deliver"}


def test_sweep_may_leave_the_server_alone(world: World, typed: Typed) -> None:
    """Read and assessed, and nothing written."""
    answer = typed.json("sweep", "--no-write")

    assert answer["delivered"] is None
    assert world.server.written == {}


def test_the_parts_of_a_sweep_one_by_one(world: World, typed: Typed) -> None:
    """sync, tick and deliver do what the beat does."""
    synced = typed.json("sync")
    ticked = typed.json("tick")
    delivered = typed.json("deliver")

    assert synced["main"]["new"] == 4
    assert ticked["changed"] == 2
    assert delivered["written"] == 4
    assert [typed.text(verb).strip() for verb in ("sync", "tick", "deliver")] == [
        "main: read 2 resources, 0 facts new or changed",
        "reassessed 0 patients: 0 changed, 0 unchanged",
        "wrote 0 resources (0 stood there already), gave out 0 work items, put 0 lines on the report",
    ]


def test_status_accounts_for_every_plan(world: World, typed: Typed) -> None:
    """Tracked, ended, left out, and the server's own count."""
    typed.text("sweep")

    text = typed.text("status")
    (source,) = typed.json("status")["sources"]
    offline = typed.json("status", "--offline")["sources"][0]

    assert "on the server  2" in text
    assert "difference" not in text
    assert source["care_plans"] == {"tracked": 2}
    assert (source["care_plans_accounted"], source["care_plans_on_server"], source["care_plans_unaccounted"]) == (
        2,
        2,
        0,
    )
    assert offline["care_plans_on_server"] is None


def test_status_tells_when_the_server_knows_more(world: World, typed: Typed) -> None:
    """A plan that came since, a server that does not answer."""
    typed.text("sweep")
    world.server.put(a_plan(9))
    more = typed.text("status")
    world.server.down = True
    down = typed.text("status")

    assert "difference (changed since?)  1" in more
    assert "not counted on the server" in down


def test_a_patient_is_explained(world: World, typed: Typed) -> None:
    """By id or reference, with the reasons."""
    typed.text("sweep")

    text = typed.text("explain", "p1")
    document = typed.json("explain", "Patient/p1", "--source", "main")

    assert "due 2026-06-05 by activity.detail.scheduledPeriod.end" in text
    assert document["source"] == "main"
    assert document["plans"][0]["milestones"][0]["tier"] == 2


def test_a_patient_is_enrolled_once(world: World, typed: Typed) -> None:
    """With who; the second time it says that it was so already."""
    typed.text("sweep")

    first = typed.json("enrol", "p3", "chronic-care", "--by", "a nurse")
    second = typed.text("enrol", "Patient/p3", "chronic-care")
    explained = typed.text("explain", "p3")

    assert first == {"patient": "Patient/p3", "program": "chronic-care", "enrolled": True}
    assert "was in chronic-care already" in second
    assert "said: enrol chronic-care, by a nurse" in explained


def test_sources_are_listed_tested_and_probed(world: World, typed: Typed) -> None:
    """Without a token or a hook's secret in anything that is printed."""
    printed = typed.text("source", "list") + typed.text("source", "test") + typed.text("source", "probe", "main")
    listed = typed.json("source", "list")
    probed = typed.json("source", "probe")
    world.server.down = True
    typed.text("source", "test", code=1)

    assert "metadata" in printed
    assert "secret" not in printed + json.dumps(listed)
    assert listed[0]["source"] == "main"
    assert "types" in probed


def test_a_source_is_added_and_paused(world: World, typed: Typed) -> None:
    """And the next step is named."""
    added = typed.text("source", "add", "second", "http://127.0.0.1/two/", "--filter", "_tag=https://x.test|y")
    typed.text("source", "pause", "second")
    paused = {each["source"]: each["paused"] for each in typed.json("source", "list")}
    typed.text("source", "resume", "second")

    assert "Subscription: Subscription/hook" in added
    assert "milepost sweep second" in added
    assert paused == {"main": False, "second": True}


def test_a_token_that_has_run_out_is_replaced(world: World, typed: Typed, tmp_path: Path) -> None:
    """From a file, so that nobody sees it on the command line; it is not shown again."""
    (tmp_path / "token").write_text("a-new-token\n")

    shown = typed.text("source", "token", "main", str(tmp_path / "token"))

    assert world.now_source().token == "a-new-token"
    assert "a-new-token" not in shown
    assert typed.text("source", "token", "main", str(tmp_path / "nowhere"), code=2) == ""


def test_a_source_with_a_client_id_is_added_and_takes_no_token(world: World, typed: Typed, tmp_path: Path) -> None:
    """What is asked for there is kept; a token would never be used."""
    (tmp_path / "token").write_text("a-new-token")
    options = "--client-id milepost --auth-host auth.test:8443 --auth-scope system/Task.crus"

    typed.text("source", "add", "second", "https://second.test/fhir", *options.split())

    second = next(source for source in typed.json("source", "list") if source["source"] == "second")
    assert second["client_id"] == "milepost"
    assert typed.text("source", "token", "second", str(tmp_path / "token"), code=2) == ""


def test_a_source_is_reconciled(world: World, typed: Typed) -> None:
    """What was deleted on the server is found."""
    typed.text("sweep")
    world.server.delete("Observation/o2")

    text = typed.text("reconcile")
    again = typed.json("reconcile", "main")

    assert "Observation" in text
    assert sum(result["deleted"] for result in again) == 0
    assert "Observation/o2" not in world.kept()


def test_a_failed_reading_is_one_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, and the source remembers why."""
    world.server.down = True

    code = outcome(["sweep"])

    assert code == 1
    assert capsys.readouterr().err == "milepost: The server does not answer.\n"
    assert world.now_source().last_error == "The server does not answer."

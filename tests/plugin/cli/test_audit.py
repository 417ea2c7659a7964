"""`milepost audit verify`, and the sealing at the end of every command that may have written."""

from pathlib import Path

import pytest

from plugin import bootstrap
from plugin.config import Settings
from plugin.domain.seal import Head
from plugin.usecases.admin_ports import Heads
from plugin.usecases.seal import seal
from tests.builders import World
from tests.fake_audit import FakeHeads
from tests.plugin.cli.typed import Typed


def waiting(world: World) -> int:
    """How many rows are not sealed."""
    with world.look() as uow:
        return uow.seals.waiting_count()


def test_what_is_as_it_was_written(world: World, typed: Typed) -> None:
    """In words and as JSON. Verifying seals nothing."""
    seal(world.services)
    assert "Nothing was changed, removed or inserted." in typed.text("audit", "verify")

    document = typed.json("audit", "verify")

    assert (document["good"], document["unsealed"], document["faults"]) == (True, 0, [])
    assert document["head"]["number"] == document["sealed"] > 0


def test_what_is_not_is_exit_3(world: World, typed: Typed) -> None:
    """The first fault is named, and rows that are not sealed yet are told as such."""
    assert "have no place in the chain yet" in typed.text("audit", "verify")
    seal(world.services)
    (head,) = world.heads.kept
    assert isinstance(head, Head)
    world.heads.kept = []

    words = typed.text("audit", "verify", code=3)

    assert "NOT as it was written" in words
    assert "heads: there is no file memory" in words
    assert typed.json("audit", "verify", code=3)["faults"][0]["kind"] == "heads"


def test_heads_of_another_file(world: World, typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that was kept elsewhere; one that is not there is what was typed wrong."""
    seal(world.services)
    asked: list[Path | None] = []

    def heads(settings: Settings, path: Path | None = None) -> Heads:
        asked.append(path)
        return FakeHeads()

    monkeypatch.setattr(bootstrap, "heads", heads)
    copy = tmp_path / "copy.log"
    assert "does not exist" in typed.wrong("audit", "verify", "--heads", str(copy))
    copy.touch()

    typed.text("audit", "verify", "--heads", str(copy), code=3)

    assert asked == [copy]


def test_a_command_seals_what_it_wrote(world: World, typed: Typed) -> None:
    """However it ends."""
    assert waiting(world) > 0
    typed.text("sweep")
    assert waiting(world) == 0

    typed.wrong("source", "test", "nowhere")
    assert waiting(world) == 0


def test_what_cannot_be_sealed_is_no_failure_of_the_command(
    world: World, typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said, and a worker does it."""
    world.heads.is_full = True

    typed.text("tick")

    assert waiting(world) > 0

"""Tests of deploy/bench/stages.py: whoever wants one stage alone finds it by the name that is written down."""

from pathlib import Path

from deploy.bench import stages
from deploy.bench.stages import STAGES


def test_every_stage_is_written_down() -> None:
    """In the words before the table."""
    words, _, _ = Path(stages.__file__).with_name("README.md").read_text().partition("<!-- figures: begin -->")

    assert [name for name in STAGES if f"`{name}`" not in words and f"ONLY={name}`" not in words] == []


def test_the_events_come_last() -> None:
    """From then on the server sends hooks, which would disturb whatever came after."""
    assert list(STAGES)[-1] == "events"

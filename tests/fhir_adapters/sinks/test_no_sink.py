"""A source of which nobody has said where its milestone Tasks go."""

import pytest

from fhir_adapters.sinks import NoSink
from plugin.domain.errors import CannotDo
from tests.fhir_adapters.sinks.inbox_world import NOW, a_gap


def test_everything_stays_planned_and_says_why() -> None:
    """Nothing is written; nothing stands there, and nothing can be taken back."""
    sink = NoSink("nobody has chosen")

    for attempt in (
        sink.device,
        lambda: sink.draft(a_gap()),
        lambda: sink.accompanied([], NOW),
        lambda: sink.write([]),
    ):
        with pytest.raises(CannotDo, match="nobody has chosen"):
            attempt()
    assert (list(sink.ours()), sink.standing(["Task/1"]), sink.ours_by_type(), list(sink.take_back("delete"))) == (
        [],
        (),
        {},
        [],
    )
    assert sink.authors("Task/1", "1") == ()

"""The words of refusals."""

import re

import pytest

from plugin.domain.launch import Refusal
from ui_extension.panel.refusals import FAULT, words_for


@pytest.mark.parametrize("reason", list(Refusal))
def test_every_reason_has_words_of_its_own(reason: Refusal) -> None:
    """What happened and what to do, in whole sentences; no word of the protocol, no code."""
    words = words_for(reason.value)

    assert words is not FAULT
    assert words.happened.endswith(".")
    assert words.advice.endswith(".")
    assert not words.title.endswith(".")
    assert not re.search(
        r"(?i)token|scope|oauth|state\b|issuer|redirect|[{}<>]", " ".join((words.title, words.happened, words.advice))
    )
    assert 400 <= words.status < 600


def test_no_two_reasons_say_the_same() -> None:
    """Whoever reads it to somebody on the telephone is understood."""
    assert len({words_for(reason.value).title for reason in Refusal}) == len(Refusal)


def test_an_unheard_of_reason_is_a_fault() -> None:
    """It is not repeated."""
    assert words_for("<script>") is FAULT

"""Tests of plugin/outbound/circuit.py."""

from datetime import timedelta

import pytest

from plugin.domain.errors import CircuitOpen
from plugin.outbound import Circuit


class Hand:
    """A clock's hand, moved by the test."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def a_circuit(hand: Hand, failures: int = 0) -> Circuit:
    circuit = Circuit(threshold=3, pause=timedelta(seconds=30), clock=hand)
    for _ in range(failures):
        circuit.failed()
    return circuit


def test_it_stays_closed_below_the_threshold() -> None:
    """Two failures of three: calls go on."""
    circuit = a_circuit(Hand(), failures=2)

    circuit.admit("GET Task")

    assert not circuit.is_open


def test_a_success_starts_the_count_again() -> None:
    """Only failures in a row count."""
    circuit = a_circuit(Hand(), failures=2)

    circuit.succeeded()
    circuit.failed()

    assert not circuit.is_open


def test_it_opens_at_the_threshold_and_says_for_how_long() -> None:
    """The third failure opens it, and the refusal carries the time to wait."""
    hand = Hand()
    circuit = a_circuit(hand, failures=3)
    hand.at += 10

    with pytest.raises(CircuitOpen) as refused:
        circuit.admit("GET Task")

    assert refused.value.retry_after == timedelta(seconds=20)
    assert "GET Task" in str(refused.value)


def test_after_the_pause_one_call_may_try() -> None:
    """Half-open: the first call after the pause goes through, the second does not."""
    hand = Hand()
    circuit = a_circuit(hand, failures=3)
    hand.at += 30

    circuit.admit("first")

    with pytest.raises(CircuitOpen):
        circuit.admit("second")


def test_a_trial_that_succeeds_closes_it() -> None:
    """One good answer, and everybody may call again."""
    hand = Hand()
    circuit = a_circuit(hand, failures=3)
    hand.at += 30
    circuit.admit("first")

    circuit.succeeded()

    circuit.admit("second")
    assert not circuit.is_open


def test_a_trial_that_fails_opens_it_for_another_pause() -> None:
    """A server that still fails is left alone for as long again."""
    hand = Hand()
    circuit = a_circuit(hand, failures=3)
    hand.at += 30
    circuit.admit("first")
    hand.at += 5

    circuit.failed()

    hand.at += 29
    with pytest.raises(CircuitOpen):
        circuit.admit("second")
    hand.at += 1
    circuit.admit("third")


def test_a_trial_nobody_hears_of_again_does_not_block_for_ever() -> None:
    """A caller that dies during its trial costs one more pause, no more."""
    hand = Hand()
    circuit = a_circuit(hand, failures=3)
    hand.at += 30
    circuit.admit("first")

    hand.at += 30

    circuit.admit("second")

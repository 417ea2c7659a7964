"""What the practice has decided, as use cases read it."""

from dataclasses import replace

from plugin.domain.condition import Condition
from plugin.domain.instrument import LOINC
from plugin.domain.program import AlertFlag
from plugin.domain.record import Coding
from plugin.usecases.rules import codes_named_by
from tests.builders import HBA1C, a_program


def test_what_a_condition_asks_for_is_kept() -> None:
    """Of a flag, too; a pressure is found within its whole. Displays do not count."""
    systolic, whole = Coding(LOINC, "8480-6", "Systolic"), Coding(LOINC, "85354-9")
    high = Condition("any", (Condition("observation", codes=(systolic,), value=160),))

    named = codes_named_by((replace(a_program(), flags=(AlertFlag("high", "High pressure", high),)),))

    assert {Coding(HBA1C.system, HBA1C.code), Coding(LOINC, "8480-6"), whole} <= named
    assert all(coding.display is None for coding in named)

"""PHQ-9, GAD-7 and PCL-5: the codes under which a chart holds them, and how published work reads their totals.

Codes are LOINC's (https://loinc.org/44249-1, 69737-5, 101697-1; 70221-7 is the older PCL-C for DSM-IV, another scale).
Severity: Kroenke et al. 2001 (doi 10.1046/j.1525-1497.2001.016009606.x) for PHQ-9, Spitzer et al. 2006
(doi 10.1001/archinte.166.10.1092) for GAD-7; PCL-5 has one cut-point, 31 to 33 (Bovin et al. 2016,
doi 10.1037/pas0000254; National Center for PTSD), of which the lower end is taken. Change that is more than the
instrument's own error: 6 for PHQ-9 and 4 for GAD-7 (Gyani et al. 2013, doi 10.1016/j.brat.2013.06.004), 15 for PCL-5
(Marx et al. 2022, doi 10.1037/pas0001098). Response is half of the first score gone, for all three; remission is a
PHQ-9 below 5 (Kroenke et al. 2001; Riehm et al. 2020, doi 10.1176/appi.ps.201900295).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from plugin.domain.element import Coding

LOINC = "http://loinc.org"


class Band(NamedTuple):
    """A severity, from this total on."""

    lowest: int
    word: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire with a total from 0 to ``highest``; ``items`` are its questions in order, where their codes are
    known: only then can the answers be summed. ``crisis_item`` asks for thoughts of death or self-harm."""

    name: str
    about: str
    panel: str
    total: str
    highest: int
    bands: tuple[Band, ...]
    reliable_change: int
    items: tuple[str, ...] = ()
    highest_answer: int = 3
    crisis_item: str | None = None
    remission_below: int | None = None

    def band_of(self, total: float) -> str:
        """The severity of a total."""
        return next(band.word for band in reversed(self.bands) if total >= band.lowest)

    @property
    def codes(self) -> tuple[str, ...]:
        """What its results are searched by: the panel, the total, the crisis item."""
        return (self.panel, self.total, *([self.crisis_item] if self.crisis_item else []))


PHQ_9 = Instrument(
    name="PHQ-9",
    about="depression",
    panel="44249-1",
    total="44261-6",
    highest=27,
    bands=(
        Band(0, "minimal"),
        Band(5, "mild"),
        Band(10, "moderate"),
        Band(15, "moderately severe"),
        Band(20, "severe"),
    ),
    reliable_change=6,
    items=(
        "44250-9",
        "44255-8",
        "44259-0",
        "44254-1",
        "44251-7",
        "44258-2",
        "44252-5",
        "44253-3",
        "44260-8",
    ),
    crisis_item="44260-8",
    remission_below=5,
)
GAD_7 = Instrument(
    name="GAD-7",
    about="anxiety",
    panel="69737-5",
    total="70274-6",
    highest=21,
    bands=(Band(0, "minimal"), Band(5, "mild"), Band(10, "moderate"), Band(15, "severe")),
    reliable_change=4,
    items=("69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"),
)
PCL_5 = Instrument(
    name="PCL-5",
    about="post-traumatic stress",
    panel="101697-1",
    total="101698-9",
    highest=80,
    bands=(Band(0, "below the cut-off"), Band(31, "at or above the cut-off")),
    reliable_change=15,
)
INSTRUMENTS = (PHQ_9, GAD_7, PCL_5)

ANSWERS: Mapping[str, int] = MappingProxyType({"LA6568-5": 0, "LA6569-3": 1, "LA6570-1": 2, "LA6571-9": 3})
"""LOINC's answers to the questions of PHQ-9 and GAD-7, with their score (https://loinc.org/LL358-3). Other lists give
the same answers other scores, so they count for these questions only."""

ITEMS: frozenset[str] = frozenset(item for instrument in INSTRUMENTS for item in instrument.items)
NUMBERS: frozenset[str] = ITEMS.union(instrument.total for instrument in INSTRUMENTS)
"""What of a QuestionnaireResponse is read: the totals and the single answers."""

SCORES: tuple[Coding, ...] = tuple(Coding(LOINC, code) for instrument in INSTRUMENTS for code in instrument.codes)
"""What is kept of every tracked patient, whether or not a program names it."""

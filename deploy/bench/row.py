"""One line of the table."""

from typing import NamedTuple


class Row(NamedTuple):
    """One figure: what, how much of it, the figure and its goal in words, and whether it is met. Without a goal it is told
    all the same."""

    what: str
    extent: str
    figure: str
    goal: str = ""
    is_met: bool = True
    beside: str = ""

    @property
    def verdict(self) -> str:
        """In a word; none without a goal."""
        if not self.goal:
            return ""
        return "met" if self.is_met else "missed"

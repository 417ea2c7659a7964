"""Where the kills fell and how each ended, as a table in Markdown."""

from collections import Counter
from collections.abc import Sequence

from tests.faults.aims import VERBS
from tests.faults.kills import Fall
from tests.faults.scene import Place


def table_of(falls: Sequence[Fall]) -> str:
    """One line for each place, one column for each verb; below, what was not equal to an undisturbed run."""
    fell = Counter((fall.verb, fall.place) for fall in falls)
    seen = [place for place in Place if any(fell[verb, place] for verb in VERBS)]
    rows = [[place.value, *(str(fell[verb, place] or "–") for verb in VERBS)] for place in seen]
    rows.append(["**kills**", *(_number(falls, verb) for verb in VERBS)])
    rows.append(["of these on SQLite", *(_number(falls, verb, "sqlite") for verb in VERBS)])
    rows.append(["needed more than one repetition", *(_repeated(falls, verb) for verb in VERBS)])
    rows.append(["**other than undisturbed**", *(_unequal(falls, verb) for verb in VERBS)])
    head = ["where the kill fell", *(f"`{verb}`" for verb in VERBS)]
    lines = [head, ["---", *("--:" for _ in VERBS)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _number(falls: Sequence[Fall], verb: str, database: str = "") -> str:
    return str(sum(fall.verb == verb and fall.database.startswith(database) for fall in falls))


def _repeated(falls: Sequence[Fall], verb: str) -> str:
    return str(sum(fall.verb == verb and fall.repeats > 1 for fall in falls))


def _unequal(falls: Sequence[Fall], verb: str) -> str:
    return f"**{sum(fall.verb == verb and bool(fall.differences) for fall in falls)}**"

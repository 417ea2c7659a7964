"""The golden cases: loading them, and holding an answer against what a case expects (tests/cases/README.md)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "cases"

Json = dict[str, Any]  # JSON of a case or an answer


@dataclass(frozen=True)
class Case:
    """One case: a Bundle, a zone, and what must be true at given moments."""

    name: str
    zone: str
    bundle: Json
    expect: Sequence[Json]

    @property
    def slug(self) -> str:
        """Its name, short enough to stand before an id."""
        return self.name.replace(" ", "-")[:50].strip("-")


def cases() -> list[Case]:
    """Every case, by name."""
    files = sorted(FOLDER.glob("*.json"))
    raw = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return [Case(case["name"].replace("/", " "), case["zone"], case["bundle"], case["expect"]) for case in raw]


def faults(expected: Json, plans: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What of an expectation does not hold, in words; nothing when all of it does."""
    milestones = [milestone for plan in plans for milestone in plan["milestones"]]
    for wanted in expected["milestones"]:
        same = [m for m in milestones if m["title"] == wanted["title"]]
        same = [m for m in same if m["iteration"] == wanted.get("iteration", m["iteration"])]
        if not any(_fits(wanted, milestone) for milestone in same):
            got = [{key: milestone.get(key) for key in wanted} for milestone in same]
            yield f"at {expected['at']}: expected {wanted}, got {got}"
    plan = expected.get("plan", {})
    if "flags" in plan and plans[0]["flags"] != plan["flags"]:
        yield f"at {expected['at']}: expected the flags {plan['flags']}, got {plans[0]['flags']}"
    if "count" in plan and len(plans[0]["milestones"]) != plan["count"]:
        yield f"at {expected['at']}: expected {plan['count']} milestones, got {len(plans[0]['milestones'])}"


def _fits(wanted: Json, milestone: Mapping[str, Any]) -> bool:
    """Only the keys that are given must be equal; the order of evidence and misses does not matter."""
    return all(_sorted(value) == _sorted(milestone.get(key)) for key, value in wanted.items())


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(json.dumps(item, sort_keys=True) for item in value)
    return value

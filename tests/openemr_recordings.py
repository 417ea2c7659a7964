"""What a real OpenEMR 8.2 answered, by the number of the recording (tests/fixtures/openemr/INDEX.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from plugin.outbound import Answer

FOLDER = Path(__file__).parent / "fixtures" / "openemr"


@dataclass(frozen=True)
class Recording:
    """One exchange. ``body`` is as it stands in the file: parsed where it was JSON."""

    name: str
    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: Any = field(repr=False)  # whatever JSON there was

    @property
    def raw(self) -> bytes:
        """The body as it came."""
        return self.body.encode() if isinstance(self.body, str) else orjson.dumps(self.body)

    @property
    def answer(self) -> Answer:
        """As plugin/outbound would have it."""
        return Answer(f"{self.method} {self.name}", self.status, self.headers, self.raw)

    @property
    def resources(self) -> list[dict[str, Any]]:  # JSON, as it came
        """Of a Bundle, in order; of a read, the one."""
        if self.body.get("resourceType") != "Bundle":
            return [self.body]
        return [entry["resource"] for entry in self.body.get("entry", [])]


@cache
def recording(number: int) -> Recording:
    """Read anew by everybody who changes nothing in it."""
    (path,) = FOLDER.glob(f"{number:03d}-*.json")
    told = orjson.loads(path.read_bytes())
    response = told["response"]
    headers = {name.lower(): value for name, value in response["headers"].items() if isinstance(value, str)}
    return Recording(
        name=path.stem,
        method=told["request"]["method"],
        path=told["request"]["path"],
        status=response["status"],
        headers=headers,
        body=response["body"] if "body" in response else f"{response['body_head']}…{response['body_tail']}",
    )


def all_numbers() -> list[int]:
    """Of every recording of an exchange."""
    return sorted(int(path.name[:3]) for path in FOLDER.glob("[0-9]*.json"))

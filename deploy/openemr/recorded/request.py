"""A call as PHP sees it: its parameters, merged of the query and the form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Call:
    """One request to the API, below ``/apis/default``."""

    method: str
    path: str
    query: str = field(default="", repr=False)
    form: str = field(default="", repr=False)
    body: bytes = field(default=b"", repr=False)
    authorization: str | None = field(default=None, repr=False)
    files: tuple[tuple[str, str, bytes], ...] = field(default=(), repr=False)
    """Those of a multipart body: name, kind, content."""

    @property
    def given(self) -> Mapping[str, list[str]]:
        """The query's parameters, then the form's, which win. Of one that is repeated the last counts; only ``name[]``
        is a list (PHP, recordings 160 to 163 and 183)."""
        found: dict[str, list[str]] = {}
        for text in (self.query, self.form):
            merged: dict[str, list[str]] = {}
            for name, value in parse_qsl(text, keep_blank_values=True):
                is_list = name.endswith("[]")
                bare = name.removesuffix("[]")
                merged[bare] = [*merged.get(bare, []), value] if is_list else [value]
            found |= merged
        return found

    def one(self, name: str) -> str | None:
        """A parameter's value."""
        values = self.given.get(name)
        return values[-1] if values else None

    @property
    def json(self) -> dict[str, Any]:  # JSON of whoever calls
        """What cannot be read as an object is an empty one (OpenEMR 8.2, recordings 432 and 433)."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

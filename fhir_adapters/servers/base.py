"""What a kind of server is like, as far as one differs from another. The defaults suit any FHIR R4 server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class Server:
    """`overlap` is how far a poll reaches back behind its cursor: as long as the server's longest transaction, whose
    resources carry the stamp of its start and are seen only at its end."""

    kind: str
    page_size: int = 200
    overlap: timedelta = timedelta(seconds=120)
    search_headers: Mapping[str, str] = field(default_factory=lambda: {"Cache-Control": "no-cache"})
    """Without a word on it, HAPI and others repeat an answer that is a minute old."""
    keyset: bool = False
    """Whether pages are asked for by `_lastUpdated=ge…`, with `_offset` inside one stamp; otherwise `next` is followed."""
    change_stamp: bool | None = None
    """Whether `meta.lastUpdated` moves with every change and with nothing else. None: where it keeps versions, yes."""


R4 = Server(kind="r4")

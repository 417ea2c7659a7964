"""What goes wrong inside the recorded OpenEMR, and what it answers then.

A ``Failure`` has a status and a JSON body, a ``Page`` comes out as HTML; a ``BadParameter`` is no error at all, but an
empty Bundle.
"""

from __future__ import annotations


class BadParameter(Exception):
    """A search parameter is unknown or malformed. OpenEMR 8.2 answers a search then with 200 and an empty Bundle."""


class Failure(Exception):
    """An answer that is not the wanted one: ``{"error": "An error occurred", "message": …, "code": 0}``."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def body(self) -> dict[str, object]:
        """As OpenEMR words it."""
        return {"error": "An error occurred", "message": self.message, "code": 0}


NO_ROUTE = "Route not found"
FORBIDDEN = "Organization policy does not have permit access resource"


class NoRoute(Failure):
    """No such route, or not with this method: always 404, never 405 (OpenEMR 8.2)."""

    def __init__(self) -> None:
        super().__init__(404, NO_ROUTE)


class Page(Exception):
    """An error that comes out as an HTML page in the middle of the API, with the SQL in it (OpenEMR 8.2)."""

    def __init__(self, status: int, html: str, content_type: str = "application/json") -> None:
        super().__init__(html)
        self.status = status
        self.html = html
        self.content_type = content_type

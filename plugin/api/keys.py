"""The public halves of our own keys, by which an EHR checks that it is Milepost who asks (SMART, asymmetric
clients)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from plugin.api.access import Access, open_to
from plugin.usecases.services import Services


def key_pages(services: Services) -> Blueprint:
    """``/.well-known/jwks.json``."""
    pages = Blueprint("keys", __name__)

    @pages.get("/.well-known/jwks.json")
    @open_to(Access.ANYONE)
    def jwks() -> Response:
        answer = jsonify(services.jwks())
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    return pages

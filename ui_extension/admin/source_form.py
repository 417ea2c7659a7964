"""The form by which a FHIR server is connected, as an EHR or as a companion store: its fields, and the source they
make."""

from __future__ import annotations

from collections.abc import Mapping

from flask import request

from plugin.domain.errors import BadInput
from plugin.domain.source import Source
from plugin.usecases.source_settings import is_zone

KINDS = (("hapi", "HAPI FHIR"), ("r4", "another FHIR R4 server"))
FIELDS = (
    "slug", "base_url", "kind", "filter", "aliases", "proof", "token", "client_id", "auth_hosts", "auth_scopes", "zone",
)  # fmt: skip


def given_fields() -> dict[str, str]:
    """As they were typed."""
    return {name: request.form.get(name, "").strip() for name in FIELDS}


def source_of(given: Mapping[str, str]) -> Source:
    """Not asked yet, and not stored. BadInput for a zone that is none."""
    if given["zone"] and not is_zone(given["zone"]):
        raise BadInput(f"{given['zone']} is no time zone: a name such as America/Chicago is needed.")
    name, _, value = given["filter"].partition("=")
    is_client = given["proof"] == "client"
    return Source(
        id=0,
        slug=given["slug"],
        base_url=given["base_url"].rstrip("/"),
        kind=given["kind"],
        search_filter={name: value} if name and value else {},
        link_aliases=_words(given["aliases"]),
        token=given["token"] or None if given["proof"] == "token" else None,
        client_id=given["client_id"] or None if is_client else None,
        auth_hosts=_words(given["auth_hosts"]) if is_client else (),
        auth_scopes=_words(given["auth_scopes"]) if is_client else (),
        zone=given["zone"] or None,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())

"""HAPI FHIR JPA server (seen: 8.8.0, 2026-11).

Also different, and treated alike for every server in fhir_adapters/errors.py: a failed `If-Match` is a 409, not a 412.
"""

from fhir_adapters.servers.base import Server

HAPI = Server(
    kind="hapi",
    page_size=1000,
    # Runs at once, stores no search and is never an old answer; more than 1,000 is a 400 (HAPI-1165).
    search_headers={"Cache-Control": "no-store, max-results=1000"},
    keyset=True,
    change_stamp=True,
)

"""The kinds of FHIR server that Milepost knows, by the name that stands in a source's settings."""

from fhir_adapters.servers.base import R4, Server
from fhir_adapters.servers.hapi import HAPI
from fhir_adapters.servers.openemr.kind import OPENEMR
from plugin.domain.errors import BadSettings

__all__ = ["HAPI", "OPENEMR", "R4", "SERVERS", "Server", "server_of"]

SERVERS = {server.kind: server for server in (R4, HAPI, OPENEMR)}


def server_of(kind: str) -> Server:
    if kind not in SERVERS:
        raise BadSettings(f"The kind of a source must be one of {', '.join(sorted(SERVERS))}; it is {kind!r}.")
    return SERVERS[kind]

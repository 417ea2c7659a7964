"""Opens servers: the sources, and the authorization servers of issuers. With bootstrap.py the only file that names concrete
classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugin.config import Settings
from plugin.domain.issuer import Issuer
from plugin.domain.source import Source
from plugin.usecases.panel_ports import SmartServer
from plugin.usecases.ports import Clock, Database, Ehr

if TYPE_CHECKING:
    from fhir_adapters.auth import TokenCache
    from fhir_adapters.smart import Keys
    from plugin.outbound import Auth

# What is slow to import is imported by the function that needs it, as in bootstrap.py.


class Ehrs:
    """Opens sources; each once, so that connections and the circuit breaker are shared, and anew when it was changed."""

    def __init__(self, settings: Settings, database: Database, tokens: TokenCache | None, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._open: dict[int, tuple[Source, Ehr]] = {}

    def __call__(self, source: Source) -> Ehr:
        terms = _terms_of(source)
        known = self._open.get(source.id)
        if source.id and known and _terms_of(known[0]) == terms:
            return known[1]
        ehr = self._opened(source)
        if source.id:
            self._open[source.id] = (source, ehr)
        return ehr

    def _opened(self, source: Source) -> Ehr:
        from fhir_adapters.ehr import FhirEhr  # noqa: PLC0415 slow to import, see above
        from fhir_adapters.http import FhirHttp  # noqa: PLC0415 slow to import, see above
        from fhir_adapters.writeback import Names, tags_of  # noqa: PLC0415 slow to import, see above
        from plugin.outbound import Terms  # noqa: PLC0415 slow to import, see above

        http = FhirHttp(
            source.base_url,
            self._auth(source),
            terms=Terms(ca_bundle=_bundle(self._settings)),
            link_aliases=source.link_aliases,
        )
        names = Names(self._settings.identifier_base, tags=tags_of(source.search_filter))
        return FhirEhr(http, source, names, overlap=self._settings.overlap)

    def _auth(self, source: Source) -> Auth:
        from fhir_adapters.auth import OwnCache, Renewed, auth_for  # noqa: PLC0415 slow to import, see above
        from fhir_adapters.smart import BackendServices  # noqa: PLC0415 slow to import, see above

        if source.client_id is None:
            return auth_for(source.token)
        services = BackendServices(
            source, keys=signing_keys(self._settings, self._clock), clock=self._clock, ca_bundle=_bundle(self._settings)
        )
        return Renewed(services.key, services.mint, self._tokens or OwnCache(self._clock))


class SmartServers:
    """Opens authorization servers; each once, so that what they said is remembered, and anew when its record changed."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._open: dict[str, tuple[Issuer, SmartServer]] = {}

    def __call__(self, issuer: Issuer) -> SmartServer:
        known = self._open.get(issuer.slug)
        if known and known[0] == issuer:
            return known[1]
        server = self._opened(issuer)
        self._open[issuer.slug] = (issuer, server)
        return server

    def _opened(self, issuer: Issuer) -> SmartServer:
        from fhir_adapters.smart import HttpSmartServer  # noqa: PLC0415 slow to import, see above

        ours = self._settings.public_url
        return HttpSmartServer(
            issuer,
            redirect_uri=None if ours is None else f"{ours}/callback/{issuer.slug}",
            keys=signing_keys(self._settings, self._clock),
            clock=self._clock,
            ca_bundle=_bundle(self._settings),
        )


def signing_keys(settings: Settings, clock: Clock) -> Keys:
    """Our own keys, by which EHRs know us."""
    from fhir_adapters.smart import Keys  # noqa: PLC0415 slow to import, see above

    return Keys(settings.jwk_file, clock)


def _bundle(settings: Settings) -> str | None:
    return None if settings.ca_bundle is None else str(settings.ca_bundle)


def _terms_of(source: Source) -> tuple[object, ...]:
    """What a session depends on."""
    return (
        source.base_url,
        source.kind,
        source.token,
        source.client_id,
        source.auth_scopes,
        source.auth_hosts,
        source.link_aliases,
        tuple(sorted(source.search_filter.items())),
        source.capability,
        source.sink,
        source.companion,
        source.zone,
        tuple(sorted(source.inbox.items())),
    )

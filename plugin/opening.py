"""Opens servers: the sources, and the authorization servers of issuers. With bootstrap.py the only file that names
concrete classes."""

from __future__ import annotations

import os
import socket
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from plugin.config import Settings
from plugin.domain.issuer import Issuer
from plugin.domain.source import OPENEMR, Source, clinic_zone
from plugin.usecases.link_patients import LinkedPatients
from plugin.usecases.panel_ports import SmartServer
from plugin.usecases.ports import Clock, Database, Ehr, TaskSink
from plugin.usecases.registration import staff_callback
from plugin.usecases.sink_ports import Companion
from plugin.usecases.source_memory import SourceMemory
from plugin.usecases.staff_account import StaffTokens
from plugin.usecases.staff_messages import Book

if TYPE_CHECKING:
    from fhir_adapters.auth import TokenCache
    from fhir_adapters.ehr import FhirEhr
    from fhir_adapters.http import FhirHttp
    from fhir_adapters.servers.openemr.ehr import OpenEmr
    from fhir_adapters.smart import Keys, StaffAccount
    from fhir_adapters.writeback import Names
    from plugin.outbound import Auth

# What is slow to import is imported by the function that needs it, as in bootstrap.py.

_STORE_HOLDS = timedelta(seconds=10)


class Ehrs:
    """Opens sources; each once, so that connections and the circuit breaker are shared, and anew when it was changed, or the
    store of its Tasks was."""

    def __init__(self, settings: Settings, database: Database, tokens: TokenCache | None, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._open: dict[int, tuple[tuple[object, ...], Ehr]] = {}
        self._stores: dict[str, tuple[datetime, Source | None]] = {}
        self._patients: dict[int, tuple[tuple[object, ...], Companion]] = {}

    def __call__(self, source: Source) -> Ehr:
        store = self._store_of(source)
        terms = (_terms_of(source), None if store is None else (store.id, store.paused, _terms_of(store)))
        known = self._open.get(source.id)
        if source.id and known and known[0] == terms:
            return known[1]
        ehr: Ehr = self._openemr(source, store) if source.kind == OPENEMR else self._fhir(source)
        if source.id:
            self._open[source.id] = (terms, ehr)
        return ehr

    def _fhir(self, source: Source) -> FhirEhr:
        from fhir_adapters.ehr import FhirEhr  # noqa: PLC0415 slow to import, see above

        return FhirEhr(self._http(source), source, self._names(source), overlap=self._settings.overlap)

    def _http(self, source: Source) -> FhirHttp:
        from fhir_adapters.http import FhirHttp  # noqa: PLC0415 slow to import, see above
        from plugin.outbound import Terms  # noqa: PLC0415 slow to import, see above

        return FhirHttp(
            source.base_url,
            self._auth(source),
            terms=Terms(ca_bundle=_bundle(self._settings)),
            link_aliases=source.link_aliases,
        )

    def _names(self, source: Source) -> Names:
        from fhir_adapters.writeback import Names, tags_of  # noqa: PLC0415 slow to import, see above

        return Names(self._settings.identifier_base, tags=tags_of(source.search_filter))

    # --------------------------------------------------------------------------------- a server that has no Task: OpenEMR
    def _openemr(self, source: Source, store: Source | None) -> OpenEmr:
        from fhir_adapters.servers.openemr.ehr import OpenEmr  # noqa: PLC0415 slow to import, see above
        from fhir_adapters.servers.openemr.http import OpenEmrHttp, terms  # noqa: PLC0415 slow to import, see above

        zone = clinic_zone(source, self._settings.zone)
        memory = SourceMemory(self._database, source.id, self._clock, zone)
        http = OpenEmrHttp(
            source.base_url,
            self._auth(source),
            spent=memory.spent,
            terms=terms(_bundle(self._settings)),
            link_aliases=source.link_aliases,
        )
        sink = self._sink(source, store)
        names = self._names(source)
        return OpenEmr(http, source, sink, memory, clock=self._clock, zone=zone, names=names)

    def _sink(self, source: Source, store: Source | None) -> TaskSink:
        from fhir_adapters.sinks import NoSink  # noqa: PLC0415 slow to import, see above

        if source.sink == "own":
            return NoSink(f"Source {source.slug}: OpenEMR has no Task; nobody has chosen where milestone Tasks go.")
        if source.sink == "message":
            return self._messages(source)
        if store is None:
            return NoSink(f"Source {source.slug}: its companion store {source.companion} is not there any more.")
        if store.paused:
            return NoSink(f"Source {source.slug}: its companion store {store.slug} is paused.")
        return self._companion(source, store)

    def _companion(self, source: Source, store: Source) -> TaskSink:
        from fhir_adapters.sinks import CompanionStore  # noqa: PLC0415 slow to import, see above

        return CompanionStore(
            self._http(store),
            store=store,
            source=source,
            names=self._names(store),
            patients=LinkedPatients(self._database, source),
            overlap=self._settings.overlap,
        )

    def companion(self, store: Source) -> Companion:
        """The patients of a source that is another's store."""
        from fhir_adapters.sinks import CompanionPatients  # noqa: PLC0415 slow to import, see above

        known = self._patients.get(store.id)
        if known is None or known[0] != _terms_of(store):
            opened = CompanionPatients(self._http(store), store=store, names=self._names(store))
            known = self._patients[store.id] = (_terms_of(store), opened)
        return known[1]

    def staff(self, source: Source) -> StaffAccount:
        """What is asked of a source's authorization server for its staff account."""
        from fhir_adapters.smart import StaffAccount, StaffClient  # noqa: PLC0415 slow to import, see above

        ours = self._settings.public_url
        client = StaffClient(
            fhir_base=source.base_url,
            client_id=source.staff_client or source.client_id or "",
            client_secret=source.staff_secret,
            redirect_uri=None if ours is None else staff_callback(ours, source.slug),
            allowed_hosts=source.auth_hosts,
        )
        keys = signing_keys(self._settings, self._clock)
        return StaffAccount(client, keys=keys, clock=self._clock, ca_bundle=_bundle(self._settings))

    def _messages(self, source: Source) -> TaskSink:
        from fhir_adapters.sinks import NoSink, StaffAuth, StaffMessages, StandardApi  # noqa: PLC0415 slow to import, see above
        from plugin.outbound import Terms  # noqa: PLC0415 slow to import, see above

        if source.staff_client is None and source.client_id is None:
            return NoSink(f"Source {source.slug}: no client is registered for its staff account.")
        tokens = StaffTokens(self._database, source, self.staff(source).refresh, self._clock, _this_thread)
        auth = StaffAuth(tokens)
        api = StandardApi(
            StandardApi.base_of(source.base_url),
            auth,
            ended=lambda: tokens.session_is_over(*auth.secrets()),
            terms=Terms(ca_bundle=_bundle(self._settings), connections=2),
        )
        return StaffMessages(
            api,
            source=source,
            book=Book(self._database, source),
            clock=self._clock,
            zone=self._settings.zone,
            public_url=self._settings.public_url,
        )

    def _store_of(self, source: Source) -> Source | None:
        """The companion store as it stands now, or a few seconds ago: this is asked with every page."""
        if source.sink != "companion" or source.companion is None:
            return None
        now = self._clock()
        looked_at, store = self._stores.get(source.companion, (None, None))
        if looked_at is None or now - looked_at > _STORE_HOLDS:
            with self._database.begin(reading=True) as uow:
                store = next((each for each in uow.sources.all() if each.slug == source.companion), None)
            self._stores[source.companion] = (now, store)
        return store

    def _auth(self, source: Source) -> Auth:
        from fhir_adapters.auth import OwnCache, Renewed, auth_for  # noqa: PLC0415 slow to import, see above
        from fhir_adapters.smart import BackendServices  # noqa: PLC0415 slow to import, see above

        if source.client_id is None:
            return auth_for(source.token)
        services = BackendServices(
            source, keys=signing_keys(self._settings, self._clock), clock=self._clock, ca_bundle=_bundle(self._settings)
        )
        cache = self._tokens or OwnCache(self._clock)
        return Renewed(services.key, services.mint, cache, lacking=services.lacking)


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


def _this_thread() -> str:
    """A name that no other thread has, of whatever process and machine."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"


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
        source.staff_client,
        source.staff_secret,
    )

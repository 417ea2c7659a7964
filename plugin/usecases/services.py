"""Services: the ports that a use case gets, in one frozen bundle; nothing concrete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from plugin.domain.calendar import Practice
from plugin.domain.issuer import Issuer
from plugin.domain.source import Source
from plugin.usecases.admin_ports import Heads, OneTimeCodes, Passwords, SignIns
from plugin.usecases.panel_ports import Launches, SmartServer
from plugin.usecases.ports import Catalog, Clock, Database, Ehr, Jobs, Metrics, Processes
from plugin.usecases.queue_ports import Cipher
from plugin.usecases.sink_ports import Companion, StaffSignIn


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the use cases work with. ``ehr`` opens a source; asked twice for the same one, it gives the same session.
    ``companion`` opens one that is another's store, for its patients; ``staff`` a source's authorization server, for its
    staff account.
    ``token`` makes an unguessable text of 256 bits. ``smart`` asks an issuer's authorization server; ``jwks`` are the
    public halves of our own keys. ``cipher`` seals what an address must not tell. ``public_url`` is where the web process is reached from outside, if it can be."""

    database: Database
    ehr: Callable[[Source], Ehr]
    companion: Callable[[Source], Companion]
    staff: Callable[[Source], StaffSignIn]
    catalog: Catalog
    practice: Practice
    jobs: Jobs
    metrics: Metrics
    processes: Processes
    clock: Clock
    token: Callable[[], str]
    smart: Callable[[Issuer], SmartServer]
    launches: Launches
    sign_ins: SignIns
    passwords: Passwords
    one_time_codes: OneTimeCodes
    heads: Heads
    cipher: Cipher
    jwks: Callable[[], Mapping[str, object]]
    public_url: str | None = None
    practice_name: str = ""
    stale_after: timedelta = timedelta(hours=2)
    """A source that was not read completely for so long is behind (DESIGN §5, perceived gaps)."""

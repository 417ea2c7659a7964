"""The names of the tasks and of the broker routes they travel on; deploy/compose.yaml and `milepost run` consume each.

Four kinds of work never wait for each other: reading a source can take an hour the first time; reassessing and
delivering are short and frequent, but come in thousands during a sweep; what somebody at a screen waits for comes
before both; and a preview looks at the whole caseload at once. So there are four sorts of worker.
"""

from collections.abc import Mapping

POLL_ALL = "milepost.sync.sources"
POLL = "milepost.sync.source"
TICK = "milepost.tick"
DELIVER = "milepost.deliver"
RECONCILE_ALL = "milepost.reconcile.sources"
RECONCILE = "milepost.reconcile.source"
READ = "milepost.read"
DELIVER_NOW = "milepost.deliver.now"
LEAVE = "milepost.source.leave"
PREVIEW = "milepost.preview"
SEAL = "milepost.audit.seal"
COUNT_CODES = "milepost.codes.refresh"

SYNC_ROUTE = "milepost.sync"
TICK_ROUTE = "milepost.tick"
DELIVER_ROUTE = "milepost.deliver"
MAINTENANCE_ROUTE = "milepost.maintenance"
PEOPLE_ROUTE = "milepost.people"
PREVIEW_ROUTE = "milepost.preview"

READING = (SYNC_ROUTE, MAINTENANCE_ROUTE)
"""What the reading worker consumes."""

ACTING = (TICK_ROUTE, DELIVER_ROUTE)
"""What the acting worker consumes."""

PEOPLE = (PEOPLE_ROUTE,)
"""What the worker consumes that nothing else keeps busy: somebody waits."""

PREVIEWING = (PREVIEW_ROUTE,)
"""What the worker consumes that works out previews, with all its hands: seconds of work, for which somebody waits, too."""

ROUTES: Mapping[str, str] = {
    # Who asks which sources there are takes a moment, and must not wait behind a reading.
    POLL_ALL: TICK_ROUTE,
    POLL: SYNC_ROUTE,
    TICK: TICK_ROUTE,
    DELIVER: DELIVER_ROUTE,
    RECONCILE_ALL: TICK_ROUTE,
    RECONCILE: MAINTENANCE_ROUTE,
    LEAVE: MAINTENANCE_ROUTE,
    COUNT_CODES: MAINTENANCE_ROUTE,
    # Short, and every few seconds: behind long ticks the audit log would stay unsealed.
    SEAL: PEOPLE_ROUTE,
    PREVIEW: PREVIEW_ROUTE,
    READ: PEOPLE_ROUTE,
    DELIVER_NOW: PEOPLE_ROUTE,
}
"""Task -> route."""

"""The names of the tasks and of the broker routes they travel on; deploy/compose.yaml and `milepost run` consume each.

Three kinds of work never wait for each other: reading a source can take an hour the first time; reassessing and
delivering are short and frequent, but come in thousands during a sweep; and what somebody at a screen waits for comes
before both. So there are three sorts of worker.
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

SYNC_ROUTE = "milepost.sync"
TICK_ROUTE = "milepost.tick"
DELIVER_ROUTE = "milepost.deliver"
MAINTENANCE_ROUTE = "milepost.maintenance"
PEOPLE_ROUTE = "milepost.people"

READING = (SYNC_ROUTE, MAINTENANCE_ROUTE)
"""What the reading worker consumes."""

ACTING = (TICK_ROUTE, DELIVER_ROUTE)
"""What the acting worker consumes."""

PEOPLE = (PEOPLE_ROUTE,)
"""What the worker consumes that nothing else keeps busy: somebody waits."""

ROUTES: Mapping[str, str] = {
    # Who asks which sources there are takes a moment, and must not wait behind a reading.
    POLL_ALL: TICK_ROUTE,
    POLL: SYNC_ROUTE,
    TICK: TICK_ROUTE,
    DELIVER: DELIVER_ROUTE,
    RECONCILE_ALL: TICK_ROUTE,
    RECONCILE: MAINTENANCE_ROUTE,
    READ: PEOPLE_ROUTE,
    DELIVER_NOW: PEOPLE_ROUTE,
}
"""Task -> route."""

"""The names of the tasks and of the broker routes they travel on; deploy/compose.yaml and `milepost run` consume each.

Two kinds of work never wait for each other: reading a source can take an hour the first time, while reassessing and
delivering are short and frequent. So there are two sorts of worker, one for each pair of routes.
"""

from collections.abc import Mapping

POLL_ALL = "milepost.sync.sources"
POLL = "milepost.sync.source"
TICK = "milepost.tick"
DELIVER = "milepost.deliver"
RECONCILE_ALL = "milepost.reconcile.sources"
RECONCILE = "milepost.reconcile.source"

SYNC_ROUTE = "milepost.sync"
TICK_ROUTE = "milepost.tick"
DELIVER_ROUTE = "milepost.deliver"
MAINTENANCE_ROUTE = "milepost.maintenance"

READING = (SYNC_ROUTE, MAINTENANCE_ROUTE)
"""What the reading worker consumes."""

ACTING = (TICK_ROUTE, DELIVER_ROUTE)
"""What the acting worker consumes."""

ROUTES: Mapping[str, str] = {
    # Who asks which sources there are takes a moment, and must not wait behind a reading.
    POLL_ALL: TICK_ROUTE,
    POLL: SYNC_ROUTE,
    TICK: TICK_ROUTE,
    DELIVER: DELIVER_ROUTE,
    RECONCILE_ALL: TICK_ROUTE,
    RECONCILE: MAINTENANCE_ROUTE,
}
"""Task -> route."""

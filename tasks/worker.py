"""What Celery is started with (``celery --app tasks.worker worker|beat``): configures the app and imports the tasks."""

from typing import Any

from celery.signals import celeryd_init, setup_logging, worker_process_init

from plugin import bootstrap
from plugin.config import Settings, settings
from plugin.domain.errors import BadSettings, PermanentFailure, TemporaryFailure
from plugin.ops.logs import configure_logs, log_for
from tasks import audit, codes, deliver, people, preview, reconcile, sources, sync, tick
from tasks.app import Equipment, celery_app, configure

BODIES = (sync, tick, deliver, reconcile, people, audit, preview, codes, sources)
"""The modules of the tasks; importing them registers what is in them."""

_log = log_for("tasks.worker")


def _read_settings() -> Settings:
    """A broken setting ends the process with its words instead of a trace."""
    try:
        return settings()
    except BadSettings as error:
        raise SystemExit(f"milepost: {error}") from error


SETTINGS = _read_settings()
configure(SETTINGS.redis_url, zone=SETTINGS.zone, poll_every=SETTINGS.poll_every, tick_every=SETTINGS.tick_every)
app = celery_app


def log_as_we_do(**_: Any) -> None:  # Any: what Celery's signal tells
    """In place of what Celery would set up."""
    configure_logs(SETTINGS.log_level, SETTINGS.log_format)


def refuse_to_start(**_: Any) -> None:  # Any: what Celery's signal tells
    """What will not get better by itself (no key file, another schema) ends the worker before it forks. What it does not
    import now, each of its processes would."""
    log_as_we_do()
    bootstrap.preload()
    try:
        bootstrap.verify_database(SETTINGS)
    except PermanentFailure as error:
        raise SystemExit(f"milepost: {error}") from error
    except TemporaryFailure as failure:
        _log.warning("database_does_not_answer", words=str(failure))


def equip(**_: Any) -> None:  # Any: what Celery's signal tells
    """After the fork: connections to database, Redis and servers are this process's own."""
    celery_app.equipment = Equipment(services=bootstrap.connected(SETTINGS), turns=bootstrap.turns(SETTINGS))
    _log.info("worker_ready")


setup_logging.connect(log_as_we_do)
celeryd_init.connect(refuse_to_start)
worker_process_init.connect(equip)

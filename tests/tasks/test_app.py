"""The Celery app: JSON only, late acknowledgement, limits, prefixes (threat row 17: pickle)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from kombu.exceptions import ContentDisallowed
from kombu.serialization import dumps, loads

from tasks.app import BEAT_LOCK, BEAT_LOOKS_EVERY, LONGEST_TASK, celery_app, configure


def test_json_and_nothing_else_is_accepted() -> None:
    """A message holds ids; one that could hold code is refused before it is unpacked."""
    conf = celery_app.conf

    assert conf.accept_content == conf.result_accept_content == ["json"]
    assert conf.task_serializer == conf.result_serializer == conf.event_serializer == "json"
    with pytest.raises(ContentDisallowed):
        loads(*_pickled({"id": 1}), accept=["json"])  # type: ignore[no-untyped-call] # kombu types a part of itself


def _pickled(value: object) -> tuple[bytes, str, str]:
    content_type, encoding, body = dumps(value, serializer="pickle")  # type: ignore[no-untyped-call] # kombu types a part of itself
    return body, content_type, encoding


def test_no_result_is_kept() -> None:
    """What a task did is in the database; a result would lie in Redis for a day."""
    conf = celery_app.conf

    assert conf.task_ignore_result is True
    assert conf.result_backend is None
    assert "Disabled" in type(celery_app.backend).__name__
    assert "celery.backend_cleanup" not in conf.beat_schedule


def test_a_message_is_acknowledged_when_the_task_is_done() -> None:
    """A worker that dies gives its message back, and holds no more than the one it works on."""
    conf = celery_app.conf

    assert conf.task_acks_late is True
    assert conf.task_reject_on_worker_lost is True
    assert conf.worker_prefetch_multiplier == 1


def test_a_running_task_is_not_delivered_a_second_time() -> None:
    """Redis gives back what nobody acknowledged for the visibility timeout: longer than a task may take."""
    conf = celery_app.conf

    assert conf.task_time_limit == LONGEST_TASK.total_seconds()
    assert conf.broker_transport_options["visibility_timeout"] > conf.task_time_limit


def test_a_dead_beat_is_replaced_soon() -> None:
    """Its lock outlives a few looks, so that a living one never loses it, and not many."""
    assert BEAT_LOCK >= 3 * BEAT_LOOKS_EVERY
    assert timedelta(seconds=30) >= BEAT_LOCK


def test_everything_in_redis_has_our_prefix() -> None:
    """Two programs can share a Redis."""
    conf = celery_app.conf

    assert conf.broker_transport_options["global_keyprefix"].startswith("milepost.")
    assert conf.redbeat_key_prefix.startswith("milepost.")
    assert {name for name in conf.task_queues if not name.startswith("milepost.")} == set()
    assert conf.task_create_missing_queues is False


def test_celery_takes_neither_logs_nor_commands_over() -> None:
    """Logs are ours, and nobody can stop a worker by writing to Redis."""
    conf = celery_app.conf

    assert conf.worker_hijack_root_logger is False
    assert conf.worker_enable_remote_control is False
    assert conf.broker_connection_retry_on_startup is True


def test_configuring_connects_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker's address, the practice's zone and the intervals are those of the installation."""
    for name in ("broker_url", "redbeat_redis_url", "timezone", "beat_schedule"):
        monkeypatch.setitem(celery_app.conf, name, celery_app.conf.get(name))

    configure(
        "redis://127.0.0.1:9/0",
        zone=ZoneInfo("America/Chicago"),
        poll_every=timedelta(seconds=7),
        tick_every=timedelta(seconds=9),
    )

    assert celery_app.conf.broker_url == celery_app.conf.redbeat_redis_url == "redis://127.0.0.1:9/0"
    assert celery_app.conf.timezone == "America/Chicago"
    assert celery_app.conf.beat_schedule["poll"]["schedule"] == timedelta(seconds=7)

"""Task names and broker routes: each named explicitly, each consumed by one sort of worker."""

import importlib
import pkgutil

import tasks
from tasks.app import celery_app
from tasks.routes import ACTING, PEOPLE, PREVIEWING, READING, ROUTES

BODIES = [
    importlib.import_module(f"tasks.{module.name}")
    for module in pkgutil.iter_modules(tasks.__path__)
    if module.name not in ("worker",)
]


def registered() -> set[str]:
    """The tasks that a worker of ours would run."""
    return {name for name in celery_app.tasks if not name.startswith("celery.")}


def test_every_task_has_a_route_and_a_name_with_our_prefix() -> None:
    """No task falls to a default that nobody consumes, and none is named by its place in the code."""
    assert registered() == set(ROUTES)
    assert [name for name in ROUTES if not name.startswith("milepost.")] == []


def test_every_route_is_consumed_by_one_sort_of_worker() -> None:
    """None by two, or one sort of work would keep the other waiting; none by nobody."""
    assert sorted((*READING, *ACTING, *PEOPLE, *PREVIEWING)) == sorted({*ROUTES.values()})


def test_celery_knows_exactly_these_routes() -> None:
    """Messages go where the table says."""
    assert set(celery_app.conf.task_queues) == set(ROUTES.values())
    assert {name: celery_app.amqp.router.route({}, name)["queue"].name for name in ROUTES} == dict(ROUTES)


def test_tasks_get_ids_and_nothing_else() -> None:
    """A name or a birth date in a message would lie in Redis (threat: records in the broker)."""
    for name in registered():
        body = celery_app.tasks[name].run
        annotations = {key: kind for key, kind in body.__annotations__.items() if key not in ("this", "return")}

        assert set(annotations.values()) <= {int}, name

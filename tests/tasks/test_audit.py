"""The task that seals the audit log."""

from tasks.audit import WITHIN, seal_audit
from tasks.routes import PEOPLE, ROUTES, SEAL
from tasks.schedule import SEAL_EVERY
from tests.builders import World


def test_what_waits_is_sealed(world: World) -> None:
    """All of it."""
    seal_audit.apply()

    with world.look() as uow:
        assert uow.seals.waiting_count() == 0
    assert len(world.heads.kept) == 1


def test_people_do_not_wait_for_it() -> None:
    """It shares their worker, since nothing else there takes long: so it takes a part of its interval at most."""
    assert seal_audit.name == SEAL
    assert ROUTES[SEAL] in PEOPLE
    assert WITHIN < SEAL_EVERY / 2

"""People who are signed in, and work that waits for them."""

from datetime import timedelta

from plugin.domain.account import SignedIn
from plugin.usecases.deliver import deliver
from plugin.usecases.tick import tick
from tests.builders import World, a_patient, a_plan


def somebody(world: World, *roles: str, number: int = 1) -> SignedIn:
    """Signed in, as the guard finds them; without roles a coordinator."""
    return SignedIn(
        session=f"session-{number}",
        person_id=number,
        who=f"user:{number}",
        name=f"Demo-Person {number}",
        roles=roles or ("coordinator",),
        origin="192.0.2.1",
        signed_in_at=world.clock(),
        proven_at=world.clock(),
        ends_at=world.clock() + timedelta(hours=8),
    )


def two_are_late(world: World) -> None:
    """Two patients whose HbA1c is eight days late: each is a gap, and a call for the coordinator since this morning."""
    world.sweep()
    world.server.put(*(a_patient(n) for n in (1, 2)), *(a_plan(n, due="2026-06-16") for n in (1, 2)))
    world.sweep()
    world.clock.forward(days=9, hours=3)
    tick(world.services)
    deliver(world.services)

"""What is read because something refers to it: a refusal is set aside, a failure of the server is not."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from plugin.domain.errors import MilepostError, NotFhir, Refused, TooLarge, Unauthorized
from plugin.domain.record import Link, Order
from plugin.domain.source import Page
from tests.builders import World, a_patient, a_plan, a_step, an_order
from tests.fakes import FakeEhr, FakeServer


class FailsOnce(FakeEhr):
    """Where something is read by reference for the first time."""

    def __init__(self, server: FakeServer, failure: MilepostError) -> None:
        super().__init__(server)
        self._failures = [failure]

    def read(self, refs: Sequence[str]) -> Iterator[Page]:
        if self._failures:
            raise self._failures.pop()
        return super().read(refs)


def a_plan_with_a_group(world: World) -> None:
    """A plan whose step is an order in a RequestGroup."""
    group = Order(ref="RequestGroup/g1", subject="Patient/p1", status="active", focus=Link("MedicationRequest/srm"))
    world.server.put(a_patient(1), group, an_order("m", type_="MedicationRequest"))
    world.server.put(a_plan(1, activities=[a_step("RequestGroup/g1")]))


@pytest.mark.parametrize(
    "failure",
    [
        NotFhir("A web page."),
        TooLarge("Larger than allowed."),
        Unauthorized("The token has run out.", status_code=401),
    ],
)
def test_a_failure_is_no_refusal(world: World, failure: MilepostError) -> None:
    """The sweep fails, nothing of the page is passed by, and the next sweep reads what the plan refers to."""
    a_plan_with_a_group(world)
    failing = FailsOnce(world.server, failure)
    services = replace(world.services, ehr=lambda source: failing)

    with pytest.raises(type(failure)):
        world.sweep(services)
    world.sweep(services)

    assert {"RequestGroup/g1", "MedicationRequest/srm"} <= world.kept()


def test_a_refusal_is_set_aside(world: World) -> None:
    """O10: the step stays, its reference is unread, and the sweep goes on."""
    a_plan_with_a_group(world)
    refusing = FailsOnce(world.server, Refused("403: not for you.", status_code=403))

    swept = world.sweep(replace(world.services, ehr=lambda source: refusing))

    assert swept.reading.set_aside == 1
    assert len(world.milestones()) == 1

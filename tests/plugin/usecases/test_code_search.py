"""The code picker's search, and the daily count behind it."""

from typing import cast

from plugin.catalog.loader import FileCatalog
from plugin.usecases.code_search import count_codes, find_codes
from tests.builders import HBA1C, World, a_patient, a_plan, a_result
from tests.fakes import FakeCatalog


def test_counted_once_a_day(world: World) -> None:
    """However often it is asked for; an empty practice is asked again, so that a new one has its codes soon."""
    assert count_codes(world.services) is True
    world.server.put(a_patient(1), a_plan(1), a_result(1, patient=1), a_patient(2), a_plan(2))
    world.sweep()

    assert count_codes(world.services) is True
    assert count_codes(world.services) is False
    world.clock.forward(hours=21)
    assert count_codes(world.services) is True
    with world.services.database.begin() as uow:
        assert uow.codes.among(frozenset({(HBA1C.system, HBA1C.code)}))[HBA1C.system, HBA1C.code].patients == 2


def test_found_by_name_or_code() -> None:
    """What the programs in force name is found before anything was ever read."""
    world = World(catalog=cast(FakeCatalog, FileCatalog()))

    by_name, by_code = find_codes(world.services, "hemoglobin A1C"), find_codes(world.services, "4548-4")

    assert [choice.coding.code for choice in by_name] == ["4548-4"] == [choice.coding.code for choice in by_code]
    assert by_name[0].is_named
    assert find_codes(world.services, "  ") == []

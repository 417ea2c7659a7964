"""The task that counts the codes in the charts."""

from tasks.codes import count_all_codes
from tasks.routes import COUNT_CODES
from tests.builders import HBA1C, World, a_patient, a_plan, a_result


def test_codes_are_counted(world: World) -> None:
    """So that the code picker knows them; the name of the task is explicit, a message outlives a move of the code."""
    world.server.put(a_patient(), a_plan(), a_result())
    world.sweep()

    count_all_codes.apply()

    with world.services.database.begin() as uow:
        (found,) = uow.codes.among(frozenset({(HBA1C.system, HBA1C.code)})).values()
        assert found.patients == 1
    assert count_all_codes.name == COUNT_CODES

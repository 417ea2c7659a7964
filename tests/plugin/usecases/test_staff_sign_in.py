"""What a staff account is called that signed in, and how long a sign-in may be under way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugin.domain.errors import BadInput
from plugin.domain.launch import Identity
from plugin.domain.record import Other
from plugin.usecases.keeping import NOBODY
from plugin.usecases.staff_sign_in import begin_staff_sign_in, finish_staff_sign_in
from tests.builders import World
from tests.fake_staff import RIGHT_CODE, FakeStaff, Found
from tests.publishing import an_editor

PERSON = Identity(oidc_issuer="https://openemr.test/oauth2/default", subject="u-1", fhir_user="Person/u1")
NAMED = Other(ref="Practitioner/u1", name="Demo-Dorn, Dana", version="1")


class Nameless(FakeStaff):
    """OpenEMR 8.2: the sign-in says who it is in its records, and no name."""

    def exchange(self, *, code: str, verifier: str, nonce: str) -> Found:
        return replace(super().exchange(code=code, verifier=verifier, nonce=nonce), identity=PERSON)


@pytest.fixture
def world() -> World:
    """With that OpenEMR."""
    made = World()
    made.staff = Nameless()
    return made


def signed_in(world: World) -> str:
    """As what the page names the account."""
    me = an_editor(world)
    begin_staff_sign_in(world.services, world.source, me)
    state = world.staff.asked[-1][0]
    return finish_staff_sign_in(world.services, world.source, me, code=RIGHT_CODE, state=state).who


def test_it_is_called_as_the_chart_has_it(world: World) -> None:
    """By what was read of the staff already."""
    with world.database.begin() as uow:
        uow.facts.store(world.source, [(NAMED, (NOBODY,))], world.clock())
        uow.commit()

    assert signed_in(world) == "Demo-Dorn, Dana"


def test_it_is_asked_for_where_nothing_was_read_yet(world: World) -> None:
    """The first sign-in may come before the first reading."""
    world.server.put(NAMED)

    assert signed_in(world) == "Demo-Dorn, Dana"


@pytest.mark.parametrize("is_down", [True, False])
def test_it_is_signed_in_all_the_same(world: World, is_down: bool) -> None:
    """Where nobody can say what it is called, its record's name has to do."""
    world.server.down = is_down

    assert signed_in(world) == "Person/u1"


def test_a_launch_of_the_panel_is_no_staff_sign_in(world: World) -> None:
    """Their states lie in one place, and one is never taken for the other."""
    me = an_editor(world)
    begin_staff_sign_in(world.services, world.source, me)
    state = world.staff.asked[-1][0]
    world.launches.pending[state] = replace(world.launches.pending[state], issuer=world.source.slug)

    with pytest.raises(BadInput):
        finish_staff_sign_in(world.services, world.source, me, code=RIGHT_CODE, state=state)

"""What a person asks and says: enrol, explain, status, sources, publish, and who may come in."""

import pytest

from plugin.domain.errors import BadInput, CannotDo, TemporaryFailure, UnknownName
from plugin.domain.launch import Identity
from plugin.domain.source import Source
from plugin.usecases import people
from plugin.usecases.explain import explain
from plugin.usecases.issuers import add_issuer
from plugin.usecases.publish import publish_shipped
from plugin.usecases.sources import (
    add_source,
    check_source,
    every_source,
    pause_source,
    probe_source,
    source_named,
    subscribe,
)
from plugin.usecases.speak import enrol
from plugin.usecases.status import status
from plugin.usecases.sync import sync
from tests.builders import World, a_patient, a_plan, a_program, a_result
from tests.contract.storage.given import a_session, an_issuer
from tests.fakes import START


def with_program(world: World) -> World:
    """The chronic-care program is published."""
    world.catalog.programs = {"chronic-care": a_program()}
    publish_shipped(world.services)
    return world


def test_enrolment_starts_a_plan_of_its_own(world: World) -> None:
    """Without a CarePlan: the patient is tracked and read back, and has the program's milestones."""
    with_program(world).server.put(a_patient(1), a_result(1))
    world.sweep()

    is_new = enrol(world.services, world.now_source(), "Patient/p1", program="chronic-care", by="a nurse")
    world.sweep()

    assert is_new
    assert "Patient/p1" in world.kept()
    assert [m.title for m in world.milestones()] == ["HbA1c at six weeks"]
    assert [(s.said.value, s.by, s.target) for s in world.statements()] == [("enrol", "a nurse", "chronic-care")]


def test_enrolled_twice_is_enrolled_once(world: World) -> None:
    """The command may be repeated."""
    with_program(world).server.put(a_patient(1))
    world.sweep()

    said = [enrol(world.services, world.now_source(), "Patient/p1", program="chronic-care", by="x") for _ in range(2)]

    assert said == [True, False]
    assert len(world.statements()) == 1


def test_who_or_what_is_not_there_cannot_be_enrolled(world: World) -> None:
    """Each complaint says what was looked for and what there is."""
    with_program(world).sweep()

    with pytest.raises(UnknownName, match=r"no program 'x'; published are: chronic-care"):
        enrol(world.services, world.now_source(), "Patient/p1", program="x", by="x")
    with pytest.raises(UnknownName, match="Source main has no Patient/p1"):
        enrol(world.services, world.now_source(), "Patient/p1", program="chronic-care", by="x")


def test_a_patient_is_explained_as_of_now(world: World) -> None:
    """The reasons are those of this moment, and nothing is stored."""
    world.server.put(a_plan(1, due="2026-06-16"))
    world.sweep()
    world.clock.forward(days=5)

    found = explain(world.services, "p1")

    assert [m.days_past_due for m in found.assessment.milestones] == [4]
    assert any("due 2026-06-16" in words for words in found.assessment.milestones[0].why)
    assert [m.tier for m in world.milestones()] == [0]


def test_who_is_not_tracked_is_not_explained(world: World) -> None:
    """In words, by reference."""
    with pytest.raises(UnknownName, match="Patient/p9 is not tracked"):
        explain(world.services, "p9")


def test_status_accounts_for_every_plan(world: World) -> None:
    """The sum is the server's own count."""
    world.server.put(a_plan(1), a_plan(2, status="completed"), a_plan(3, status="entered-in-error"), a_plan(4))
    world.server.broken.add("CarePlan/cp4")
    world.sweep()

    (of,) = status(world.services).sources

    assert dict(of.care_plans) == {"tracked": 1, "ended": 1, "entered-in-error": 1, "no status": 1}
    assert (of.accounted, of.on_server, of.unaccounted) == (4, 4, 0)
    assert dict(of.set_aside) == {"CarePlan": 2}


def test_status_says_when_a_server_cannot_be_asked(world: World) -> None:
    """What is stored is told all the same."""
    world.server.put(a_plan(1))
    world.sweep()
    world.server.down = True

    (of,) = status(world.services).sources

    assert (of.on_server, of.unaccounted) == (None, None)
    assert of.not_counted == "The server does not answer."
    assert of.accounted == 1


def test_a_source_is_behind_when_it_was_not_read_for_too_long(world: World) -> None:
    """Two hours by default; one that was never read is behind as well."""
    never = every_source(world.services)[0].is_behind
    world.sweep()
    fresh = every_source(world.services)[0].is_behind
    world.clock.forward(hours=2, seconds=1)

    assert (never, fresh, every_source(world.services)[0].is_behind) == (True, False, True)


def test_a_source_is_asked_before_it_is_added(world: World) -> None:
    """A server that does not answer, or has no Tasks, is not added."""
    wanted = Source(id=0, slug="second", base_url="http://127.0.0.1/other")
    world.server.down = True
    with pytest.raises(TemporaryFailure):
        add_source(world.services, wanted)
    world.server.down = False
    world.ehr.types = ("Patient", "CarePlan")
    with pytest.raises(CannotDo, match="does not offer Task"):
        add_source(world.services, wanted)

    assert [health.source.slug for health in every_source(world.services)] == ["main"]


def test_an_added_source_has_its_capability_and_a_hook(world: World) -> None:
    """With secrets that nobody else could guess."""
    added = add_source(world.services, Source(id=0, slug="second", base_url="http://127.0.0.1/other"))

    assert added.capability is not None
    assert (added.hook_path, added.hook_secret) == ("token", "token")
    assert subscribe(world.services, added) == "Subscription/hook"


@pytest.mark.parametrize("slug", ["", "A", "1st", "a b", "x" * 41, "ä"])
def test_a_slug_is_small_letters_digits_and_hyphens(world: World, slug: str) -> None:
    """It stands in every key for ever."""
    with pytest.raises(BadInput, match="is no slug"):
        add_source(world.services, Source(id=0, slug=slug, base_url="http://127.0.0.1/other"))


def test_the_only_source_needs_no_name(world: World) -> None:
    """With two of them, one has to be named."""
    assert source_named(world.services, None).slug == "main"
    add_source(world.services, Source(id=0, slug="second", base_url="http://127.0.0.1/other"))

    with pytest.raises(BadInput, match="say which: main, second"):
        source_named(world.services, None)
    with pytest.raises(UnknownName):
        source_named(world.services, "third")


def test_a_check_says_of_each_thing_whether_it_works(world: World) -> None:
    """Also of what can be done without; and when the server does not answer at all."""
    world.server.put(a_plan(1))
    good = check_source(world.services, world.source)
    world.server.down = True
    bad = check_source(world.services, world.source)

    assert [(check.what, check.is_good) for check in good] == [
        ("metadata", True),
        ("Patient", True),
        ("CarePlan", True),
        ("Task", True),
        ("Patient count", True),
        ("CarePlan count", True),
        *((what, True) for what in ("transaction", "subscription", "history", "update")),
    ]
    assert [(check.what, check.is_good) for check in bad] == [("metadata", False)]


def test_a_probe_is_kept(world: World) -> None:
    """The administrator sees what the server said last."""
    probe_source(world.services, world.now_source())

    assert world.now_source().capability is not None


def test_a_paused_source_is_not_polled(world: World) -> None:
    """Until it goes on."""
    pause_source(world.services, world.source, is_paused=True)
    world.server.put(a_plan(1))

    paused = sync(world.services, world.source.id)
    pause_source(world.services, world.source, is_paused=False)
    reading = sync(world.services, world.source.id)

    assert paused is None
    assert reading is not None
    assert reading.new == 1
    assert world.jobs.asked == ["tick"]


def test_publishing_twice_publishes_once(world: World) -> None:
    """And only what is new makes anybody be assessed again."""
    world.server.put(a_plan(1))
    world.sweep()
    world.catalog.programs = {"chronic-care": a_program()}

    first = publish_shipped(world.services)
    second = publish_shipped(world.services)

    assert [version.code for version in first] == ["chronic-care"]
    assert second == []
    with world.look() as uow:
        assert uow.patients.due_count(world.clock()) == 1


def test_a_program_that_names_new_codes_makes_them_be_read(world: World) -> None:
    """Evidence that was passed by before the program was published is found by the next reading."""
    world.server.put(a_plan(1, activities=[]), a_result(1))
    world.sweep()
    before = world.kept()

    with_program(world)
    world.clock.forward(minutes=1)
    world.sweep()

    assert "Observation/o1" not in before
    assert "Observation/o1" in world.kept()


# --------------------------------------------------------------------------------------------------- who may come in
def with_issuer(world: World, slug: str = "ehr") -> World:
    """An EHR is registered from which the panel may be opened."""
    base = f"https://{slug}.example"
    add_issuer(world.services, an_issuer(slug=slug, source="main", fhir_base=f"{base}/fhir", oidc_issuer=base))
    return world


def test_roles_are_given_before_the_first_sign_in(world: World) -> None:
    """Who then signs in is that person, with these roles."""
    given = people.grant(with_issuer(world).services, "ehr", "s-1", ["provider"], by="a lead")

    with world.database.begin() as uow:
        seen = uow.people.seen(Identity(oidc_issuer="https://ehr.example", subject="s-1", name="Demo-Cho"), START)
    assert (seen.id, seen.roles) == (given.id, ("provider",))


@pytest.mark.parametrize(
    ("issuer", "subject", "roles", "words"),
    [
        ("elsewhere", "s-1", ["provider"], "no issuer elsewhere; there is: ehr"),
        ("ehr", " ", ["provider"], "The subject is"),
        ("ehr", "s-1\n", ["provider"], "The subject is"),
        ("ehr", "s-1", ["provider", "surgeon"], "surgeon: no such role; there is: administrator, "),
    ],
)
def test_what_cannot_be_granted(world: World, issuer: str, subject: str, roles: list[str], words: str) -> None:
    """Said in words, and nobody is made."""
    with_issuer(world)

    with pytest.raises(BadInput, match=words):
        people.grant(world.services, issuer, subject, roles, by="a lead")

    assert people.everybody(world.services) == []


def test_somebody_is_let_out_and_in(world: World) -> None:
    """Their roles wait for them."""
    services = with_issuer(world).services
    people.grant(services, "ehr", "s-1", ["coach"], by="a lead")

    out = people.let_in(services, "ehr", "s-1", is_disabled=True, by="a lead")
    back = people.let_in(services, "ehr", "s-1", is_disabled=False, by="a lead")

    assert (out.is_disabled, back.is_disabled, back.roles) == (True, False, ("coach",))


def test_everybody_with_the_issuers_they_come_from(world: World) -> None:
    """And when they last opened a panel."""
    services = with_issuer(with_issuer(world), "second").services
    first = people.grant(services, "ehr", "s-1", ["coach"], by="a lead")
    people.grant(services, "second", "s-1", ["provider"], by="a lead")
    with world.database.begin() as uow:
        uow.people.launched(a_session(source_id=world.source.id, person_id=first.id), START)
        uow.commit()

    known = people.everybody(services)

    assert [each.issuers for each in known] == [("ehr",), ("second",)]
    assert [each.last_launch is None for each in known] == [False, True]

"""Publishing: what is asked for before, who must agree, and from which moment on it holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from plugin.domain.calendar import Practice
from plugin.domain.configuration import (
    LADDER,
    LIMITS,
    PROGRAM,
    THE_PRACTICE,
    ConfigDraft,
    Enactment,
    Limits,
    Publication,
    limits_body,
)
from plugin.domain.errors import BadForm, Forbidden, ProofNeeded, Stale
from plugin.domain.permissions import Role
from plugin.usecases.drafts import begin_draft, save_draft
from plugin.usecases.publish_draft import publish_draft
from plugin.usecases.publish_form import look_at_publishing, moment_of
from plugin.usecases.roll_back import retire
from plugin.usecases.second_person import approve
from plugin.usecases.tick import tick
from tests.builders import World
from tests.fake_storage import FakeDatabase
from tests.fakes import START
from tests.publishing import (
    CODE,
    WHY,
    Body,
    an_editor,
    changed,
    drafted,
    in_force,
    later,
    previewed,
    published,
    retitled,
    shipped_world,
)

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def world() -> World:
    """The shipped programs."""
    return shipped_world(FakeDatabase())


def _due_sooner(body: Body) -> None:
    body["milestones"][0]["due"] = {"days": 33}


def _wrong(body: Body) -> None:
    body["milestones"][0]["due"] = {"from": "completion", "of": "none", "days": 3}


def _fields(attempt: object) -> set[str]:
    with pytest.raises(BadForm) as told:
        attempt()  # type: ignore[operator]  # a function of no arguments
    return set(told.value.fields)


def test_published_at_once(world: World) -> None:
    """It gets the next number, holds at once, everybody is looked at again, and the log says who, why and what."""
    lee = an_editor(world)
    draft = drafted(world, lee, _due_sooner)

    made = published(world, lee, draft)

    assert isinstance(made, Enactment)
    assert (made.version, made.from_, made.applied_at, made.by) == ("2", START, START, lee.who)
    assert in_force(world) == "2"
    assert "tick" in world.jobs.asked
    with world.look() as uow:
        (new,) = [v for v in uow.configurations.versions("program", CODE) if v.version == "2"]
        entry = uow.audit.entries()[0]
        assert uow.drafts.of("program", CODE) is None
    assert (new.body["version"], new.body["milestones"]) == ("2", draft.body["milestones"])
    assert (entry.action, entry.who, entry.why) == ("configure:published", lee.who, WHY)
    assert entry.detail == {
        "version": "2",
        "in_force_from": START.isoformat(),
        "draft": draft.id,
        "revision": 1,
        "preview": 1,
        **lee.told,
    }


def test_numbers_are_never_used_again(world: World) -> None:
    """Each new content gets one more than there ever was."""
    lee = an_editor(world)
    for number, title in enumerate(("A", "B"), 2):
        published(world, lee, drafted(world, lee, retitled(title)))
        assert in_force(world) == str(number)


def test_needs_the_right_and_a_proof(world: World) -> None:
    """A coordinator may not; an editor whose password was given eleven minutes ago is asked for it once more."""
    lee = an_editor(world)
    draft = drafted(world, lee, _due_sooner)
    preview = previewed(world, draft)
    sam = an_editor(world, "sam", roles=(Role.COORDINATOR.value,))

    with pytest.raises(Forbidden):
        publish_draft(world.services, sam, draft.id, 1, None, WHY, preview.id)
    with pytest.raises(ProofNeeded):
        publish_draft(world.services, later(lee, minutes=10, seconds=1), draft.id, 1, None, WHY, preview.id)
    publish_draft(world.services, later(lee, minutes=10), draft.id, 1, None, WHY, preview.id)


def test_a_program_that_cannot_be_right(world: World) -> None:
    """It is never published, whatever its preview says."""
    lee = an_editor(world)
    draft = drafted(world, lee, _wrong)

    assert _fields(lambda: published(world, lee, draft)) == {"draft"}
    assert in_force(world) == "1"


def test_another_short_name(world: World) -> None:
    """A program is known by its code: patients' milestones hang on it."""
    lee = an_editor(world)

    def renamed(body: Body) -> None:
        body["code"] = "other"

    assert _fields(lambda: published(world, lee, drafted(world, lee, renamed))) == {"draft"}


def test_nothing_new(world: World) -> None:
    """What says the same as what holds is no version."""
    lee = an_editor(world)

    assert _fields(lambda: published(world, lee, begin_draft(world.services, lee, "program", CODE))) == {"draft"}


def test_why_is_asked_for(world: World) -> None:
    """The history is to say it."""
    lee = an_editor(world)
    draft = drafted(world, lee, _due_sooner)
    preview = previewed(world, draft)

    assert _fields(lambda: publish_draft(world.services, lee, draft.id, 1, None, "  ", preview.id)) == {"why"}


def test_nothing_is_published_unseen(world: World) -> None:
    """No preview, one that is not done, of another revision, draft or day, or older than a day: each is refused."""
    lee = an_editor(world)
    draft = drafted(world, lee, _due_sooner)
    moment = START + DAY

    def attempt(preview_id: int | None, from_: datetime | None = None) -> set[str]:
        return _fields(lambda: publish_draft(world.services, lee, draft.id, draft.revision, from_, WHY, preview_id))

    assert attempt(None) == {"preview"}
    with world.database.begin() as uow:
        waiting = uow.previews.ask(replace(previewed(world, draft), id=0, state="waiting", sums=None))
        uow.commit()
    assert attempt(waiting.id) == {"preview"}
    assert attempt(previewed(world, replace(draft, revision=2)).id) == {"preview"}
    assert attempt(previewed(world, replace(draft, id=9)).id) == {"preview"}
    assert attempt(previewed(world, draft, at=moment).id) == {"preview"}
    assert attempt(previewed(world, draft).id, moment) == {"preview"}
    good = previewed(world, draft).id
    world.clock.forward(days=1, microseconds=1)
    fresh = an_editor(world)
    assert _fields(lambda: publish_draft(world.services, fresh, draft.id, 1, None, WHY, good)) == {"preview"}


def test_preview_of_before_something_else_was_published(world: World) -> None:
    """It tells what would have happened then."""
    lee = an_editor(world)
    draft = drafted(world, lee, _due_sooner)
    preview = previewed(world, draft)
    world.clock.forward(minutes=1)
    published(world, lee, drafted(world, lee, retitled("Hip"), code=_other(world)), patients=0)

    assert _fields(lambda: publish_draft(world.services, lee, draft.id, 1, None, WHY, preview.id)) == {"preview"}


def _other(world: World) -> str:
    with world.look() as uow:
        return next(code for code in uow.configurations.codes("program") if code != CODE)


def test_changed_meanwhile(world: World) -> None:
    """What was seen is not what would be published: told."""
    lee = an_editor(world)
    draft = drafted(world, lee, _due_sooner)
    preview = previewed(world, draft)
    save_draft(world.services, an_editor(world, "kim"), draft.id, {**draft.body, "title": "New"}, 1)

    with pytest.raises(Stale):
        publish_draft(world.services, lee, draft.id, 1, None, WHY, preview.id)


def test_two_publish_at_once(world: World) -> None:
    """One wins, the other is told."""
    lee, kim = an_editor(world), an_editor(world, "kim")
    draft = drafted(world, lee, _due_sooner)
    preview = previewed(world, draft)

    publish_draft(world.services, kim, draft.id, 1, None, WHY, preview.id)
    with pytest.raises(Stale):
        publish_draft(world.services, lee, draft.id, 1, None, WHY, preview.id)

    assert in_force(world) == "2"


@pytest.mark.parametrize(("patients", "waits"), [(4, False), (5, False), (6, True)])
def test_cap(world: World, patients: int, waits: bool) -> None:
    """Five in a hundred one person may change alone; the sixth takes a second."""
    lee = an_editor(world)

    made = published(world, lee, drafted(world, lee, _due_sooner), patients=patients)

    assert isinstance(made, Publication) is waits
    assert in_force(world) == ("1" if waits else "2")


@pytest.mark.parametrize(("failed", "waiting"), [(1, 0), (0, 1)])
def test_a_patient_of_whom_it_cannot_be_said_counts(world: World, failed: int, waiting: int) -> None:
    """Nobody knows that nothing changes for them."""
    lee = an_editor(world)
    draft = drafted(world, lee, _due_sooner)
    done = previewed(world, draft, patients=5)
    assert done.sums is not None
    with_unknown = replace(done, sums=replace(done.sums, failed=failed, waiting=waiting))
    world.database.tables.previews[done.id] = with_unknown  # type: ignore[attr-defined]  # the fake's

    assert isinstance(publish_draft(world.services, lee, draft.id, 1, None, WHY, done.id), Publication)


@pytest.mark.parametrize(("cap", "waits"), [(99, True), (100, False)])
def test_orders_that_nobody_claimed_so_far(world: World, cap: int, waits: bool) -> None:
    """How many patients they bring cannot be said before: that takes a second person, unless the practice wants none."""
    lee, kim = an_editor(world), an_editor(world, "kim")
    limits = begin_draft(world.services, kim, LIMITS, THE_PRACTICE, body=limits_body(Limits(cap_percent=cap)))
    asked = publish_draft(world.services, kim, limits.id, 1, None, WHY, None)
    assert isinstance(asked, Publication)
    approve(world.services, lee, asked.id)

    def claim(body: Body) -> None:
        body["claims"] = {**body.get("claims", {}), "orders": [{"system": "http://snomed.info/sct", "code": "1"}]}

    assert isinstance(published(world, lee, drafted(world, lee, claim), patients=0), Publication) is waits


@pytest.mark.parametrize(("cap", "waits"), [(4, False), (5, False), (6, True), (100, True)])
def test_who_raises_the_cap_needs_a_second_person(world: World, cap: int, waits: bool) -> None:
    """Else whoever it binds could lift it. It takes no preview: it changes nobody's plan."""
    lee = an_editor(world)
    body = limits_body(Limits(cap_percent=cap, capacity={"coordinator": 40}))
    draft = begin_draft(world.services, lee, LIMITS, THE_PRACTICE, body=body)

    made = publish_draft(world.services, lee, draft.id, 1, None, WHY, None)

    assert isinstance(made, Publication) is waits
    assert "tick" not in world.jobs.asked


def test_practices_own_cap(world: World) -> None:
    """The cap in force counts."""
    lee = an_editor(world)
    body = limits_body(Limits(cap_percent=0))
    limits = begin_draft(world.services, lee, LIMITS, THE_PRACTICE, body=body)
    publish_draft(world.services, lee, limits.id, 1, None, WHY, None)

    assert isinstance(published(world, lee, drafted(world, lee, _due_sooner), patients=1), Publication)
    assert isinstance(published(world, lee, drafted(world, lee, retitled("New")), patients=0), Enactment)


# ------------------------------------------------------------------------------------------------- from a day on
ZONES = {
    "an ordinary day": ("America/Chicago", "2026-07-01", datetime(2026, 7, 1, 5, tzinfo=UTC)),
    "clocks go forward": ("America/Chicago", "2027-03-14", datetime(2027, 3, 14, 6, tzinfo=UTC)),
    "clocks go back": ("America/Chicago", "2026-11-01", datetime(2026, 11, 1, 5, tzinfo=UTC)),
    "no midnight that day": ("Africa/Cairo", "2027-04-30", datetime(2027, 4, 29, 22, tzinfo=UTC)),
}


@pytest.mark.parametrize(("zone", "day", "moment"), ZONES.values(), ids=ZONES)
def test_from_a_day_on(world: World, zone: str, day: str, moment: datetime) -> None:
    """It holds from the first moment of that day in the practice's zone, by itself, and not a moment before."""
    world.services = replace(world.services, practice=Practice(ZoneInfo(zone)))
    lee = an_editor(world)
    from_ = moment_of(world.services, day)
    made = published(world, lee, drafted(world, lee, _due_sooner), from_=from_)

    assert isinstance(made, Enactment)
    assert (made.from_, made.applied_at) == (moment, None)
    world.clock.now = moment - MOMENT
    tick(world.services)
    assert in_force(world) == "1"
    world.clock.now = moment
    assert in_force(world) == "2"
    tick(world.services)
    with world.look() as uow:
        assert uow.configurations.enactment(made.id).applied_at == moment
        assert [v.version for v in uow.configurations.in_force_at(moment - MOMENT) if v.code == CODE] == ["1"]


@pytest.mark.parametrize("from_", [START, START - DAY])
def test_a_moment_that_has_come(world: World, from_: datetime) -> None:
    """Nothing comes into force in the past: what was then is known."""
    lee = an_editor(world)
    draft = drafted(world, lee, _due_sooner)

    assert _fields(lambda: published(world, lee, draft, from_=from_)) == {"from"}


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "2026-06-31", "01.07.2026"])
def test_no_day(world: World, text: str) -> None:
    """It is told at the field."""
    assert _fields(lambda: moment_of(world.services, text)) == {"from"}


# ------------------------------------------------------------------------------------------------------ the form
def _look(world: World, draft: ConfigDraft) -> tuple[bool, bool, str | None]:
    look = look_at_publishing(world.services, an_editor(world), draft.id, None)
    return look.is_ready, look.needs_second, look.preview_fault


def test_new_plans_only(world: World) -> None:
    """It holds for plans that start on that day of the practice or later; the version of before is kept by the others."""
    lee = an_editor(world)

    made = published(world, lee, drafted(world, lee, _due_sooner), new_plans_only=True)

    assert isinstance(made, Enactment)
    assert (made.version, made.plans_from) == ("2", world.services.practice.day(world.clock()))
    with world.look() as uow:
        standing = next(v for v in uow.configurations.current(world.clock()) if v.code == CODE).standing
    assert [(each.version, each.plans_from) for each in standing] == [("2", made.plans_from), ("1", None)]


def test_preview_is_of_the_plans_for_which_it_is_published(world: World) -> None:
    """Of everybody, or of the plans of another day, it says nothing about these; nor these about everybody."""
    lee = an_editor(world)
    draft = drafted(world, lee, _due_sooner)
    day = world.services.practice.day(world.clock())
    previews = [previewed(world, draft, plans_from=of) for of in (None, day - DAY, day)]
    publish = partial(publish_draft, world.services, lee, draft.id, draft.revision, None, WHY)

    for preview, new in ((previews[0], True), (previews[1], True), (previews[2], False)):
        assert _fields(partial(publish, preview.id, new_plans_only=new)) == {"preview"}

    assert isinstance(publish(previews[2].id, new_plans_only=True), Enactment)


def test_what_is_always_for_everybody(world: World) -> None:
    """A ladder, and an end."""
    lee = an_editor(world)
    ladder = drafted(world, lee, retitled("Steeper"), kind=LADDER, code="standard")

    for draft in (ladder, retire(world.services, lee, PROGRAM, CODE)):
        assert _fields(partial(published, world, lee, draft, new_plans_only=True)) == {"plans"}


def test_form_says_what_is_missing(world: World) -> None:
    """Before the preview, after it, and when it is over the cap."""
    lee = an_editor(world)
    draft = drafted(world, lee, _due_sooner)

    is_ready, _, fault = _look(world, draft)
    assert not is_ready
    assert fault
    previewed(world, draft, patients=5)
    assert _look(world, draft) == (True, False, None)
    previewed(world, draft, patients=6)
    assert _look(world, draft) == (True, True, None)


def test_form_says_what_changes(world: World) -> None:
    """Against what is in force, also when that has moved on since the draft was begun."""
    lee = an_editor(world)
    draft = drafted(world, lee, _due_sooner)
    body = changed(world, retitled("Other"))
    with world.database.begin() as uow:
        second = uow.drafts.open("program", CODE, base=None, body=body, by="user:9", now=START, of="roll-back")
        uow.commit()
    published(world, lee, second)

    look = look_at_publishing(world.services, lee, draft.id, None)

    assert look.is_overtaken
    assert look.in_force is not None
    assert look.in_force.version == "2"
    assert {found.label for found in look.change} >= {"Title"}

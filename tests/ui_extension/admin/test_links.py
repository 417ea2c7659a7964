"""Patients to be linked to a companion store: who sees them, what is decided about what was on the screen, and
undone."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

import pytest

from plugin.domain.companion import LinkState, PatientLink, Why
from plugin.domain.permissions import Role
from plugin.domain.record import Fact, Identifier, Moment, Patient
from plugin.domain.source import Source
from tests.admin import AdminClient, signed_in_client
from tests.builders import World
from ui_extension.admin.links import WHY

PLACE = "/admin/sources/clinic/links"
MRN = Identifier("urn:mrn", "SYN-1")
OURS = Patient(
    ref="Patient/ours", name="Demo-Vale, Wren", family="Demo-Vale", birth_date=Moment("1961-04-02"), identifiers=(MRN,)
)
THEIRS = Patient(
    ref="Patient/theirs",
    name="Demo-Vail, Wren",
    family="Demo-Vail",
    birth_date=Moment("1961-04-02"),
    identifiers=(MRN,),
)


@pytest.fixture
def world() -> World:
    """A practice with an OpenEMR and its store: the same number, and names that differ."""
    made = World()
    made.companion.put(THEIRS)
    now = made.clock()
    with made.database.begin() as uow:
        uow.sources.add(Source(id=0, slug="store", base_url="http://127.0.0.1/store", use="store"), now)
        wanted = Source(
            id=0, slug="clinic", base_url="https://clinic.test/apis/default/fhir", kind="openemr", sink="companion",
            companion="store",
        )  # fmt: skip
        source = uow.sources.add(wanted, now)
        facts: Sequence[tuple[Fact, Sequence[str]]] = [(OURS, (OURS.ref,))]
        uow.facts.store(source, facts, now)
        waits = PatientLink(
            patient=OURS.ref, state=LinkState.TO_DO, candidates=(THEIRS.ref,), why=Why.NAME_DIFFERS, at=now
        )
        uow.companion_links.save(source, [waits])
        uow.commit()
    return made


@pytest.fixture
def coordinator(world: World) -> AdminClient:
    """Who may act on plans."""
    return signed_in_client(world, roles=(Role.COORDINATOR.value,))


def stands(world: World) -> tuple[LinkState, str | None]:
    """How the patient stands to the store."""
    with world.look() as uow:
        link = uow.companion_links.of(uow.sources.get("clinic"), [OURS.ref])[OURS.ref]
    return link.state, link.store_ref


def seen(page: str) -> str:
    """The mark of both records as they are shown."""
    return str(re.findall(r'name="seen" value="(\w+)"', page)[0])


def test_both_sides_are_shown_with_the_reason(world: World, coordinator: AdminClient) -> None:
    """From the home page on; and who has read it stands in the audit log, without a name."""
    home = coordinator.get("/admin").text
    page = html.unescape(coordinator.get("/admin/links").text)

    assert "1 patient waits to be linked to the companion store." in home
    assert WHY[Why.NAME_DIFFERS] in page
    for words in ("Demo-Vale, Wren", "Demo-Vail, Wren", "2 Apr 1961", "SYN-1"):
        assert words in page
    shown = re.sub(r"<details class=\"mp-quiet\">.*?</details>", "", page, flags=re.DOTALL)
    assert ("urn:mrn" in page, "urn:mrn" in shown) == (True, False)
    with world.look() as uow:
        (row,) = [entry for entry in uow.audit.entries() if entry.action == "read:links"]
    assert row.detail["patients"] == [OURS.ref]
    assert "Demo-Vale" not in repr(row)


def test_they_are_linked(world: World, coordinator: AdminClient) -> None:
    """What waited for the patient is written; the home page has nothing to say any more."""
    form = {"do": "link", "patient": OURS.ref, "store": THEIRS.ref, "seen": seen(coordinator.get(PLACE).text)}

    answer = coordinator.post(PLACE, form)

    assert answer.status_code == 303
    assert stands(world) == (LinkState.LINKED, THEIRS.ref)
    assert "deliver" in world.jobs.asked
    assert "to be linked" not in coordinator.get("/admin").text
    assert "Decided by people lately" in coordinator.get(PLACE).text


@pytest.mark.parametrize("changed", ["ours", "theirs", "gone"])
def test_what_changed_since_is_not_linked(world: World, coordinator: AdminClient, changed: str) -> None:
    """Who decided saw something else: they are asked to look again."""
    form = {"do": "link", "patient": OURS.ref, "store": THEIRS.ref, "seen": seen(coordinator.get(PLACE).text)}
    if changed == "ours":
        with world.database.begin() as uow:
            other = Patient(ref=OURS.ref, name="Demo-Other, Kit", family="Demo-Other", version="2", identifiers=(MRN,))
            uow.facts.store(uow.sources.get("clinic"), [(other, (OURS.ref,))], world.clock())
            uow.commit()
    elif changed == "theirs":
        world.companion.put(Patient(ref=THEIRS.ref, name="Demo-Other, Kit", family="Demo-Other", identifiers=(MRN,)))
    else:
        world.companion.people.clear()

    answer = coordinator.post(PLACE, form)

    assert answer.status_code == 409
    assert stands(world) == (LinkState.TO_DO, None)


def test_what_differs_is_marked_and_asked_about(world: World, coordinator: AdminClient) -> None:
    """By the measure by which they would be linked by themselves; where nothing differs, one button does it."""
    differing = coordinator.get(PLACE).text
    world.companion.put(
        Patient(ref=THEIRS.ref, name="VALE, W.", family="demo vale", birth_date=OURS.birth_date, identifiers=(MRN,))
    )
    same = coordinator.get(PLACE).text

    assert "<mark>Demo-Vail, Wren</mark>" in differing
    assert "Not the same: <b>the family name</b>" in differing
    assert "<mark>" not in same
    assert "all the same" not in same
    assert seen(same) != seen(differing)


def test_nobody_is_linked_whose_own_record_is_not_there(world: World, coordinator: AdminClient) -> None:
    """There is nothing to compare with, whatever a form says."""
    with world.database.begin() as uow:
        uow.facts.delete(uow.sources.get("clinic"), [OURS.ref], world.clock())
        uow.commit()
    page = coordinator.get(PLACE).text

    assert 'value="link"' not in page
    assert coordinator.post(PLACE, {"do": "link", "patient": OURS.ref, "store": THEIRS.ref}).status_code == 409


def test_a_record_that_was_not_shown_is_not_linked(world: World, coordinator: AdminClient) -> None:
    """Whatever a form says."""
    world.companion.put(Patient(ref="Patient/stranger", name="Demo-Stranger"))
    form = {"do": "link", "patient": OURS.ref, "store": "Patient/stranger", "seen": "x"}

    assert coordinator.post(PLACE, form).status_code == 409
    assert stands(world) == (LinkState.TO_DO, None)


def test_nobody_there_is_this_patient(world: World, coordinator: AdminClient) -> None:
    """It is kept, and can be undone: then the patient waits for a person again."""
    none = coordinator.post(PLACE, {"do": "none", "patient": OURS.ref})
    refused = stands(world)
    undone = coordinator.post(PLACE, {"do": "undo", "patient": OURS.ref})

    assert (none.status_code, undone.status_code) == (303, 303)
    assert refused == (LinkState.REFUSED, None)
    assert stands(world) == (LinkState.TO_DO, None)


def test_a_wrong_link_is_found_and_undone(world: World, coordinator: AdminClient) -> None:
    """By the beginning of the name or by the number; what was written there is disowned."""
    page = coordinator.get(PLACE).text
    coordinator.post(PLACE, {"do": "link", "patient": OURS.ref, "store": THEIRS.ref, "seen": seen(page)})
    found = [coordinator.post(f"{PLACE}/search", {"q": text}).text for text in ("wren VAL", "Demo-V wr", "nobody")]

    coordinator.post(PLACE, {"do": "undo", "patient": OURS.ref})

    assert ["Nobody who is linked was found" in each for each in found] == [True, False, True]
    assert stands(world) == (LinkState.TO_DO, None)
    assert world.companion.disowned == [THEIRS.ref]


def test_who_decided_and_from_where_stands_in_the_log(world: World, coordinator: AdminClient) -> None:
    """Under the patient's own name in the log, so that it is found with all else that was done there; with session and
    address, whatever was decided (row 30)."""
    link = {"do": "link", "patient": OURS.ref, "store": THEIRS.ref, "seen": seen(coordinator.get(PLACE).text)}
    for form in (link, {"do": "undo", "patient": OURS.ref}, {"do": "none", "patient": OURS.ref}):
        coordinator.post(PLACE, form)

    with world.look() as uow:
        rows = [entry for entry in reversed(uow.audit.entries()) if entry.record == f"clinic/{OURS.ref}"]
    assert [(row.action, row.who) for row in rows] == [
        (action, coordinator.who) for action in ("link-patient", "unlink-patient", "refuse-link")
    ]
    assert [row.detail["from"] for row in rows] == ["127.0.0.1"] * 3
    assert (rows[0].detail["to"], rows[1].detail["was"]) == (THEIRS.ref, THEIRS.ref)


def test_they_are_looked_for_again(world: World, coordinator: AdminClient) -> None:
    """Somebody has put the name right on the other side."""
    world.companion.put(
        Patient(ref=THEIRS.ref, family="Demo-Vale", birth_date=OURS.birth_date, identifiers=(MRN,), name=OURS.name)
    )

    coordinator.post(PLACE, {"do": "again"})

    assert stands(world) == (LinkState.LINKED, THEIRS.ref)


def test_an_administrator_sees_how_many_and_nobodys_name(world: World) -> None:
    """The source's page says who decides; the list itself is for those who may act on plans."""
    admin = signed_in_client(world, roles=(Role.ADMINISTRATOR.value,))

    page = admin.get("/admin/sources/clinic").text

    assert "1 patient waits, for a coordinator or provider" in page
    assert PLACE not in page
    assert admin.get(PLACE).status_code == 403
    assert "to be linked" not in admin.get("/admin").text


def test_each_reason_has_its_words() -> None:
    """So that whoever links knows what to look for."""
    assert WHY.keys() == set(Why)


def test_a_button_that_is_none(coordinator: AdminClient) -> None:
    """Is refused; a patient who never waited is not there."""
    assert coordinator.post(PLACE, {"do": "whatever", "patient": OURS.ref}).status_code == 400
    assert coordinator.post(PLACE, {"do": "undo", "patient": "Patient/nobody"}).status_code == 404

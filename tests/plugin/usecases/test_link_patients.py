"""Linking the patients of a source to those of its companion store (row 32)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from plugin.domain.companion import LinkState, PatientLink, Why
from plugin.domain.errors import BadInput, TemporaryFailure, UnknownName
from plugin.domain.record import Identifier, Moment, Patient
from plugin.domain.source import Source, Standing
from plugin.usecases.link_patients import (
    LinkedPatients,
    link,
    link_question,
    link_waiting,
    links_to_do,
    look_again,
    unlink,
)
from tests.builders import World

NUMBER = Identifier("urn:mrn", "1000")
ADA = Patient(ref="Patient/p1", version="1", family="Example", birth_date=Moment("1968-03-14"), identifiers=(NUMBER,))
THERE = replace(ADA, ref="Patient/s1", family="EXAMPLE")


class Practice:
    """A source with a companion store; ``ada`` is in its chart."""

    def __init__(self) -> None:
        self.world = World()
        with self.world.database.begin() as uow:
            uow.sources.add(Source(id=0, slug="store", base_url="http://127.0.0.1/store", use="store"), self.now)
            source = replace(self.world.source, sink="companion", companion="store")
            uow.sources.update(source, self.now)
            uow.commit()
        self.source = source
        self.says(ADA)

    @property
    def now(self) -> datetime:
        """By the practice's clock."""
        return self.world.clock()

    def says(self, *patients: Patient) -> None:
        """The source's own records."""
        with self.world.database.begin() as uow:
            known = [replace(one, version=self.now.isoformat()) for one in patients]
            uow.facts.store(self.source, [(one, [one.ref]) for one in known], self.now)
            uow.commit()

    def link(self, patient: str = ADA.ref) -> PatientLink:
        """As it stands."""
        with self.world.look() as uow:
            return uow.companion_links.of(self.source, [patient])[patient]

    def try_to_link(self, *patients: str) -> PatientLink:
        """As the deliverer does before it writes."""
        link_waiting(self.world.services, self.source, patients or [ADA.ref])
        return self.link()

    @property
    def knows(self) -> LinkedPatients:
        """What the sink is told."""
        return LinkedPatients(self.world.database, self.source)


@pytest.fixture
def practice() -> Practice:
    """A practice whose store knows nobody yet."""
    return Practice()


def test_who_agrees_in_everything_is_linked(practice: Practice) -> None:
    """By itself, with a row in the audit; the sink knows both ways."""
    practice.world.companion.put(THERE)

    linked = practice.try_to_link()

    assert (linked.state, linked.store_ref, linked.by) == (LinkState.LINKED, "Patient/s1", "milepost")
    assert practice.knows.in_store("Patient/p1") == "Patient/s1"
    assert practice.knows.in_source(["Patient/s1", "Patient/s9"]) == {"Patient/s1": "Patient/p1"}
    with practice.world.look() as uow:
        (entry,) = [one for one in uow.audit.entries() if one.action == "link-patient"]
    assert (entry.who, entry.record, entry.detail) == (
        "milepost",
        f"{practice.source.slug}/Patient/p1",
        {"to": "Patient/s1"},
    )


def test_who_does_not_is_listed_with_the_reason(practice: Practice) -> None:
    """Since when stays as it was, however often it is tried."""
    practice.world.companion.put(replace(THERE, family="Other"))
    practice.try_to_link()
    practice.world.clock.forward(days=1)
    practice.try_to_link()

    (waiting,) = links_to_do(practice.world.services, practice.source)

    assert (waiting.patient, waiting.why, waiting.candidates) == ("Patient/p1", Why.NAME_DIFFERS, ("Patient/s1",))
    assert waiting.at == practice.now - timedelta(days=1)
    assert practice.knows.in_store("Patient/p1") is None


def test_one_record_of_the_store_for_one_patient(practice: Practice) -> None:
    """A second patient with the same number, name and birth date is a question, not a link."""
    practice.world.companion.put(THERE)
    practice.try_to_link()
    twin = replace(ADA, ref="Patient/p2")
    practice.says(twin)

    link_waiting(practice.world.services, practice.source, ["Patient/p2"])

    assert (practice.link("Patient/p2").state, practice.link("Patient/p2").why) == (LinkState.TO_DO, Why.TAKEN)
    with pytest.raises(BadInput, match="another patient"):
        link(practice.world.services, practice.source, "Patient/p2", "Patient/s1", by="user:1")


@pytest.mark.parametrize(
    "changed",
    [
        replace(ADA, family="Married"),
        replace(ADA, birth_date=Moment("1968-03-15")),
        replace(ADA, identifiers=(NUMBER._replace(value="2000"),)),
    ],
)
def test_a_change_here_suspends_the_link(practice: Practice, changed: Patient) -> None:
    """Nothing further is written until a person has looked, also when it is changed back."""
    practice.world.companion.put(THERE)
    practice.try_to_link()
    practice.world.clock.forward(minutes=1)
    practice.says(changed)

    suspended = practice.try_to_link()

    assert (suspended.state, suspended.why, suspended.candidates) == (LinkState.TO_DO, Why.CHANGED, ("Patient/s1",))
    practice.world.clock.forward(minutes=1)
    practice.says(ADA)
    assert practice.try_to_link().state is LinkState.TO_DO


def test_a_change_there_suspends_the_link(practice: Practice) -> None:
    """And so does a record that is gone."""
    practice.world.companion.put(THERE)
    practice.try_to_link()
    practice.world.companion.put(replace(THERE, birth_date=Moment("1970-01-01")))

    assert practice.try_to_link().why == Why.CHANGED

    link(practice.world.services, practice.source, "Patient/p1", "Patient/s1", by="user:1")
    practice.world.companion.people.clear()
    assert practice.try_to_link().why == Why.GONE


def test_a_change_that_still_agrees(practice: Practice) -> None:
    """Somebody who gets a second number on both sides is still the same."""
    practice.world.companion.put(THERE)
    practice.try_to_link()
    practice.world.clock.forward(minutes=1)
    practice.says(replace(ADA, identifiers=(NUMBER, Identifier("urn:ssn", "9"))))

    assert practice.try_to_link().state is LinkState.LINKED


def test_a_person_links(practice: Practice) -> None:
    """Also where names differ; what waited for it is tried at once. It holds until something changes."""
    practice.world.companion.put(replace(THERE, family="Other"))
    practice.try_to_link()

    linked = link(
        practice.world.services, practice.source, "Patient/p1", "Patient/s1", by="user:1", told={"from": "page"}
    )

    assert (linked.state, linked.by) == (LinkState.LINKED, "user:1")
    assert practice.world.jobs.asked[-1] == "deliver"
    assert practice.try_to_link() == linked
    practice.world.companion.put(replace(THERE, ref="Patient/s2"))
    with pytest.raises(BadInput, match="taken back first"):
        link(practice.world.services, practice.source, "Patient/p1", "Patient/s2", by="user:1")


@pytest.mark.parametrize("there", [None, replace(THERE, replaced_by="Patient/s2")])
def test_nobody_is_linked_to_a_record_that_is_none(practice: Practice, there: Patient | None) -> None:
    """Gone, or replaced by another."""
    if there is not None:
        practice.world.companion.put(there)

    with pytest.raises(BadInput, match="no such patient"):
        link(practice.world.services, practice.source, "Patient/p1", "Patient/s1", by="user:1")


def test_a_link_taken_back(practice: Practice) -> None:
    """What stands there is said to be in error, and is not taken for a person's word when it comes back; the two are not
    linked by themselves again."""
    practice.world.companion.put(THERE)
    practice.try_to_link()
    practice.world.companion.standing = [Standing("Task/mp-1", "7", "digest", "owned")]

    unlink(practice.world.services, practice.source, "Patient/p1", by="user:1")

    assert practice.world.companion.disowned == ["Patient/s1"]
    with practice.world.look() as uow:
        assert uow.sent.settled(practice.source, ["Task/mp-1"]) == {"Task/mp-1": "owned"}
    assert (practice.try_to_link().state, practice.link().why) == (LinkState.TO_DO, Why.UNLINKED)

    unlink(practice.world.services, practice.source, "Patient/p1", by="user:1", is_refused=True)

    assert practice.try_to_link().state is LinkState.REFUSED
    assert links_to_do(practice.world.services, practice.source) == []


def test_a_store_that_does_not_answer_while_a_link_is_taken_back(practice: Practice) -> None:
    """From then on nothing is written all the same; what stands there is taken off later, before anybody gets the record."""
    practice.world.companion.put(THERE, replace(THERE, ref="Patient/s2"))
    practice.says(replace(ADA, ref="Patient/p2"))
    link(practice.world.services, practice.source, "Patient/p1", "Patient/s1", by="user:1")
    practice.world.companion.down = True
    with pytest.raises(TemporaryFailure):
        unlink(practice.world.services, practice.source, "Patient/p1", by="user:1")

    assert practice.knows.in_store("Patient/p1") is None
    assert practice.link().to_take_off == "Patient/s1"
    practice.world.companion.down = False
    with pytest.raises(BadInput, match="another patient"):
        link(practice.world.services, practice.source, "Patient/p2", "Patient/s1", by="user:1")

    look_again(practice.world.services, practice.source)

    assert (practice.world.companion.disowned, practice.link().to_take_off) == (["Patient/s1"], None)
    link(practice.world.services, practice.source, "Patient/p2", "Patient/s1", by="user:1")


def test_looked_at_again(practice: Practice) -> None:
    """Who was not there yesterday may be there today; what failed for want of a link is planned again."""
    practice.try_to_link()
    assert practice.link().why == Why.NONE_FOUND
    practice.world.companion.put(THERE)

    assert look_again(practice.world.services, practice.source) == 1
    assert practice.link().state is LinkState.LINKED


def test_what_a_person_is_shown(practice: Practice) -> None:
    """Both records as they are now; nothing for somebody who was never to be linked."""
    other = replace(THERE, family="Other")
    practice.world.companion.put(other)
    practice.try_to_link()

    question = link_question(practice.world.services, practice.source, "Patient/p1")

    assert (question.patient and question.patient.family, question.candidates) == ("Example", (other,))
    with pytest.raises(UnknownName):
        link_question(practice.world.services, practice.source, "Patient/p9")


def test_a_source_without_a_store(practice: Practice) -> None:
    """Nobody is asked for anything."""
    link_waiting(practice.world.services, replace(practice.source, sink="message"), ["Patient/p1"])

    assert practice.world.companion.asked == []

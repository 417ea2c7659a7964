"""A companion store that answers about somebody else: nothing of one patient is ever written about another (row 32)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from plugin.domain.companion import LinkState
from plugin.usecases.link_patients import links_to_do
from tests.openemr_world import Beside, Json, a_line, beside_openemr

Lie = Callable[[Json], Json]


@pytest.fixture(scope="module")
def beside(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """Three patients, linked, of whom something stands in the store."""
    with beside_openemr(tmp_path_factory.mktemp("store"), empty_sqlite) as made:
        yield made


def state_of(beside: Beside, who: str) -> LinkState | None:
    """How that patient stands to the store."""
    with beside.world.look() as uow:
        ref = f"Patient/{beside.patients[who].uuid}"
        link = uow.companion_links.of(beside.source("shelf"), [ref]).get(ref)
    return link.state if link else None


def with_news(beside: Beside, who: str) -> None:
    """A step of that patient's is due otherwise: there is something to write."""
    beside.clinic.save_care_plan(beside.forms[who], [a_line(-30), a_line(50, "Visit", "SNOMED-CT:390906007")])
    beside.poll("shelf", "CarePlan")


def written(beside: Beside) -> Sequence[str]:
    """All transactions so far."""
    return [ref for transaction in beside.store.transactions for ref in transaction]


@pytest.mark.parametrize(
    ("who", "place", "lie"),
    [
        ("Ada", 0, lambda record: {**record, "birthDate": "1999-01-01"}),
        (
            "Bert",
            1,
            lambda record: {**record, "identifier": [{"system": "s", "value": "9"}], "name": [{"family": "X"}]},
        ),
        ("Cleo", 2, lambda record: {**record, "id": "s9"}),
    ],
    ids=["born otherwise since", "another's record under this id", "another than was asked for"],
)
def test_a_record_that_is_another_persons_by_now(beside: Beside, who: str, place: int, lie: Lie) -> None:
    """It is looked at before each writing: nothing is written, and a person is asked. That it agrees again undoes nothing."""
    truth = beside.store.people[place]
    beside.store.people[place] = lie(truth)
    before = written(beside)

    with_news(beside, who)

    assert written(beside) == before
    assert state_of(beside, who) is LinkState.TO_DO
    beside.store.people[place] = truth
    with_news(beside, who)
    assert written(beside) == before
    assert f"Patient/{beside.patients[who].uuid}" in {
        link.patient for link in links_to_do(beside.services, beside.source("shelf"))
    }


def test_somebody_else_in_the_answer_is_nobodys(beside: Beside) -> None:
    """The store has misread the question, and answers with whom it likes: one whose number differs is not this patient."""
    dora = beside.clinic.register_patient("Dora", "Sampleton-Dora", dob=date(1963, 3, 4), pubpid="SYN-Dora")
    beside.patients["Dora"] = dora
    visit = beside.clinic.open_encounter(dora, reason="Care plan")
    beside.forms["Dora"] = beside.clinic.new_care_plan(visit, [a_line(-5)])
    beside.store.knows(dora, "s7", "https://elsewhere.example/numbers")
    beside.store.is_confused = True
    before = written(beside)

    beside.poll("shelf", "Patient", "CarePlan")

    assert state_of(beside, "Dora") is LinkState.TO_DO
    assert written(beside) == before

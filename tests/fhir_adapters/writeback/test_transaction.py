"""Tests of fhir_adapters/writeback/transaction.py: every draft gets its own answer, whatever happens to the batch."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fhir_adapters.http import FhirHttp
from fhir_adapters.writeback import digest_of, send
from fhir_adapters.writeback.names import Names
from fhir_adapters.writeback.provenance import provenance
from plugin.domain.errors import ServerBusy, TemporaryFailure, Unauthorized
from plugin.domain.source import Draft
from tests.fhir_adapters.writeback.contents import NOON
from tests.fhir_adapters.writeback.contents import a_draft as a_bare_draft
from tests.fhir_adapters.writeback.etag_server import EtagServer, etag_server


@pytest.fixture
def pair() -> Iterator[tuple[EtagServer, FhirHttp]]:
    with etag_server() as pair:
        yield pair


@pytest.fixture
def server(pair: tuple[EtagServer, FhirHttp]) -> EtagServer:
    return pair[0]


@pytest.fixture
def http(pair: tuple[EtagServer, FhirHttp]) -> FhirHttp:
    return pair[1]


def a_draft(number: int = 1, *, if_match: str | None = None, status: str = "ready") -> Draft:
    """With the digest that its body has."""
    draft = a_bare_draft(number, if_match=if_match, status=status)
    return replace(draft, digest=digest_of(draft.body))


def drafts(count: int, start: int = 0) -> list[Draft]:
    """So many Tasks."""
    return [a_draft(number) for number in range(start, start + count)]


def a_provenance_of(*named: Draft) -> Draft:
    """One that follows what it names."""
    body = provenance(named, Names(), recorded=NOON)
    return Draft(ref=f"Provenance/{body['id']}", body=body, digest=digest_of(body))


# ---------------------------------------------------------------------------------------------------------- it works
def test_answers_come_in_the_order_of_the_drafts(server: EtagServer, http: FhirHttp) -> None:
    """With the server's versions, in transactions of the size that was asked for."""
    server.put("Task/mp-3", "draft")

    written = send(http, drafts(5), size=2)

    assert [answer.ref for answer in written] == [f"Task/mp-{number}" for number in range(5)]
    assert [answer.version for answer in written] == ["1", "1", "1", "2", "1"]
    assert [len(batch) for batch in server.transactions] == [2, 2, 1]


def test_a_patient_and_its_provenance_go_in_one_transaction(server: EtagServer, http: FhirHttp) -> None:
    """A process that dies between two transactions leaves nothing written of which nobody has told who wrote it."""
    first, second = drafts(2), drafts(2, start=2)
    everything = [*first, a_provenance_of(*first), *second, a_provenance_of(*second)]

    send(http, everything, size=5)

    assert [len(batch) for batch in server.transactions] == [3, 3]


def test_nothing_to_send_asks_nothing(server: EtagServer, http: FhirHttp) -> None:
    """Not even whether the server is there."""
    assert send(http, []) == []
    assert server.transactions == []


def test_one_resource_twice_is_a_mistake_of_the_caller(http: FhirHttp) -> None:
    """Which of the two should stand?"""
    with pytest.raises(ValueError, match="twice"):
        send(http, [a_draft(1), a_draft(1, status="draft")])


# --------------------------------------------------------------------------------------------------------- culprits
@pytest.mark.parametrize("culprit", [0, 37, 99])
@pytest.mark.parametrize("status", [400, 404, 413, 422, 500])
def test_the_culprit_among_a_hundred_is_set_aside(
    server: EtagServer, http: FhirHttp, culprit: int, status: int
) -> None:
    """By halving; the others are written, and the culprit has the server's words."""
    server.refuses = {f"Task/mp-{culprit}": status}

    written = send(http, drafts(100))

    failed = [answer for answer in written if answer.error is not None]
    assert [answer.ref for answer in failed] == [f"Task/mp-{culprit}"]
    assert "this one cannot be taken" in (failed[0].error or "")
    assert failed[0].ref in (failed[0].error or "")
    assert failed[0].temporary is (status == 500)
    assert len(server.standing) == 99


def test_several_culprits_are_all_found(server: EtagServer, http: FhirHttp) -> None:
    """Also neighbours."""
    server.refuses = {"Task/mp-0": 422, "Task/mp-1": 400, "Task/mp-7": 422}

    written = send(http, drafts(8))

    assert [answer.error is None for answer in written] == [False, False, True, True, True, True, True, False]


def test_a_provenance_does_not_name_what_was_not_written(server: EtagServer, http: FhirHttp) -> None:
    """It would be refused, or untrue."""
    server.refuses = {"Task/mp-1": 422}
    named = drafts(3)

    written = send(http, [*named, a_provenance_of(*named)])

    _, body = server.standing[written[3].ref]
    assert [target["reference"] for target in body["target"]] == ["Task/mp-0", "Task/mp-2"]


def test_a_provenance_of_nothing_is_not_written(server: EtagServer, http: FhirHttp) -> None:
    """It says so."""
    server.refuses = {"Task/mp-1": 422}

    written = send(http, [a_draft(1), a_provenance_of(a_draft(1))])

    assert "nothing that it names" in (written[1].error or "")
    assert server.standing == {}


# ---------------------------------------------------------------------------------------------------------- conflicts
def test_who_lost_a_race_is_told_so_and_the_rest_is_written(server: EtagServer, http: FhirHttp) -> None:
    """The person's edit stands; what was sent is not written over it."""
    for number in range(10):
        server.put(f"Task/mp-{number}", "draft")
    mine = [a_draft(number, if_match=server.version(f"Task/mp-{number}")) for number in range(10)]
    server.put("Task/mp-4", "completed")

    written = send(http, mine)

    assert [answer.ref for answer in written if answer.conflict] == ["Task/mp-4"]
    assert [answer.version for answer in written] == ["2", "2", "2", "2", None, "2", "2", "2", "2", "2"]
    assert server.standing["Task/mp-4"][1]["status"] == "completed"
    assert len(server.transactions) == 2


def test_what_was_deleted_is_a_conflict_too(server: EtagServer, http: FhirHttp) -> None:
    """Somebody took our Task away; it is for the caller to decide."""
    written = send(http, [a_draft(1, if_match="3"), a_draft(2)])

    assert (written[0].conflict, written[1].version) == (True, "1")
    assert "deleted" in (written[0].error or "")


def test_two_that_write_at_once_are_told_apart_by_halving(server: EtagServer, http: FhirHttp) -> None:
    """A server may say 409 where no version was asked for; the one that it means stands alone at last."""
    server.refuses = {"Task/mp-2": 409}

    written = send(http, drafts(4))

    assert [answer.conflict for answer in written] == [False, False, True, False]


def test_a_conflict_with_ourselves_is_none(server: EtagServer, http: FhirHttp) -> None:
    """The first try was written and its answer lost; the second meets its version."""
    server.put("Task/mp-1", "draft")
    server.loses_answers = 1

    written = send(http, [a_draft(1, if_match="1"), a_draft(2)])

    assert [(answer.version, answer.conflict) for answer in written] == [("2", False), ("1", False)]


def test_of_two_writers_one_is_told_and_no_change_is_lost(server: EtagServer, http: FhirHttp) -> None:
    """Both read version 1 and both write; one conflict is visible, and after reading again both changes stand (threat
    row 20)."""
    server.put("Task/mp-1", "draft")
    mine = a_draft(1, if_match=server.version("Task/mp-1"))
    server.before = lambda: _once(server, lambda: server.put("Task/mp-1", "on-hold"))

    (first,) = send(http, [mine])
    stood = server.standing["Task/mp-1"][1]["status"]
    (second,) = send(http, [replace(mine, if_match=server.version("Task/mp-1"))])

    assert (first.conflict, stood) == (True, "on-hold")
    assert (second.version, second.conflict) == ("3", False)


def _once(server: EtagServer, act: object) -> None:
    server.before = lambda: None
    act()  # type: ignore[operator]  # a lambda


# --------------------------------------------------------------------------------------------------- silence and trouble
def test_what_was_written_and_not_answered_is_known_by_reading(server: EtagServer, http: FhirHttp) -> None:
    """Every try times out after having written; what stands is what was sent."""
    server.loses_answers = 99

    written = send(http, drafts(3))

    assert [answer.version for answer in written] == ["1", "1", "1"]


def test_what_was_not_written_is_tried_later(server: EtagServer, http: FhirHttp) -> None:
    """Bounded tries, then a TemporaryFailure that names nothing of the bodies."""
    server.fails_with = 503

    with pytest.raises(ServerBusy) as failure:
        send(http, drafts(3))

    assert len(server.transactions) == 2
    assert "mp-" not in str(failure.value)


def test_a_server_that_cannot_even_be_read_is_away(server: EtagServer, http: FhirHttp) -> None:
    """The first failure is the one that is told."""
    server.is_away = True

    with pytest.raises(TemporaryFailure):
        send(http, drafts(3))


def test_what_was_answered_before_the_trouble_is_kept(server: EtagServer, http: FhirHttp) -> None:
    """The first batch is written; the rest is temporary, each with its answer."""

    def trouble() -> None:
        server.fails_with = 503 if len(server.transactions) > 1 else None

    server.before = trouble

    written = send(http, drafts(4), size=2)

    assert [(answer.version, answer.temporary) for answer in written] == [
        ("1", False),
        ("1", False),
        (None, True),
        (None, True),
    ]


def test_a_door_that_is_shut_is_no_fault_of_an_entry(server: EtagServer, http: FhirHttp) -> None:
    """Halving would only knock two hundred times."""
    server.fails_with = 401

    with pytest.raises(Unauthorized):
        send(http, drafts(100))

    assert len(server.transactions) == 1


def test_a_server_that_fails_on_everything_ends_the_halving(server: EtagServer, http: FhirHttp) -> None:
    """500 for each entry alone is no fault of an entry: all are told to come again, after few tries."""
    server.fails_with = 500

    written = send(http, drafts(100))

    assert all(answer.temporary and answer.error for answer in written)
    assert len(server.transactions) < 20

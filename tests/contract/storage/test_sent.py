"""The port Sent: what is ours and what is theirs."""

from plugin.domain.source import Draft, Source, Standing, Written
from plugin.usecases.ports import Database
from tests.contract.storage.given import LATER, NOW

REFS = ["Task/mp-1", "Task/mp-2"]


def a_draft(digest: str, ref: str = "Task/mp-1") -> Draft:
    """A body, told by its digest."""
    return Draft(ref=ref, body={"resourceType": "Task"}, digest=digest, owned=f"owned-{digest}")


def test_known_before_the_answer(database: Database, source: Source) -> None:
    """A body is ours from before it is sent; what stands on the server is known only by the answer."""
    with database.begin() as unit:
        unit.sent.remember(source, [a_draft("a")], NOW)

        assert unit.sent.owned(source, REFS) == {"Task/mp-1": {"owned-a"}}
        assert (unit.sent.versions(source, REFS), unit.sent.last_digests(source, REFS)) == ({}, {})

        unit.sent.written(source, [Written("Task/mp-1", "1")], LATER)

        assert unit.sent.versions(source, REFS) == {"Task/mp-1": "1"}
        assert unit.sent.last_digests(source, REFS) == {"Task/mp-1": "a"}


def test_what_stands_there_is_not_known(database: Database, source: Source) -> None:
    """While an answer is missing, and where only a version was seen; of what was never sent nothing is in doubt."""
    with database.begin() as unit:
        unit.sent.remember(source, [a_draft("a"), a_draft("c", "Task/mp-2")], NOW)

        assert unit.sent.unsettled(source, [*REFS, "Task/mp-3"]) == set(REFS)

        unit.sent.written(source, [Written("Task/mp-1", "1")], NOW)
        unit.sent.adopt(source, Standing("Task/mp-2", "1", "", "owned-c"), NOW)

        assert unit.sent.unsettled(source, REFS) == {"Task/mp-2"}

        unit.sent.remember(source, [a_draft("b")], LATER)
        unit.sent.adopt(source, Standing("Task/mp-2", "1", "c", "owned-c"), LATER)

        assert unit.sent.unsettled(source, REFS) == {"Task/mp-1"}


def test_write_that_failed(database: Database, source: Source) -> None:
    """What stood before is still what is known to stand; the body stays known as ours."""
    with database.begin() as unit:
        unit.sent.remember(source, [a_draft("a"), a_draft("c", "Task/mp-2")], NOW)
        unit.sent.written(source, [Written("Task/mp-1", "1"), Written("Task/mp-2", "1")], NOW)
        unit.sent.remember(source, [a_draft("b"), a_draft("d", "Task/mp-2")], LATER)
        answers = [Written("Task/mp-1", None, error="412", conflict=True), Written("Task/mp-2", "2")]
        unit.sent.written(source, answers, LATER)

        assert unit.sent.versions(source, REFS) == {"Task/mp-1": "1", "Task/mp-2": "2"}
        assert unit.sent.last_digests(source, REFS) == {"Task/mp-1": "a", "Task/mp-2": "d"}
        assert unit.sent.owned(source, REFS)["Task/mp-1"] == {"owned-a", "owned-b"}


def test_same_body_again(database: Database, source: Source) -> None:
    """A, then B, then A again: A stands."""
    with database.begin() as unit:
        for version, digest in enumerate("aba", 1):
            unit.sent.remember(source, [a_draft(digest)], NOW)
            unit.sent.written(source, [Written("Task/mp-1", str(version))], NOW)

        assert unit.sent.last_digests(source, REFS) == {"Task/mp-1": "a"}
        assert unit.sent.versions(source, REFS) == {"Task/mp-1": "3"}


def test_adopted(database: Database, source: Source) -> None:
    """What is found on the server stands there, and is not taken for an edit again."""
    with database.begin() as unit:
        unit.sent.remember(source, [a_draft("a")], NOW)
        unit.sent.adopt(source, Standing("Task/mp-1", "7", "z", "owned-z"), LATER)
        unit.sent.adopt(source, Standing("Task/mp-2", "1", "y", "owned-y"), LATER)

        assert unit.sent.versions(source, REFS) == {"Task/mp-1": "7", "Task/mp-2": "1"}
        assert unit.sent.last_digests(source, REFS) == {"Task/mp-1": "z", "Task/mp-2": "y"}
        assert unit.sent.owned(source, REFS) == {"Task/mp-1": {"owned-a", "owned-z"}, "Task/mp-2": {"owned-y"}}


def test_edited_by_somebody(database: Database, source: Source) -> None:
    """An edit that was taken over: its version guards the next write, its body is unknown, its fields are ours by now."""
    with database.begin() as unit:
        unit.sent.remember(source, [a_draft("a")], NOW)
        unit.sent.written(source, [Written("Task/mp-1", "1")], NOW)
        for version in ("2", "3"):
            unit.sent.adopt(source, Standing("Task/mp-1", version, "", f"edit-{version}"), LATER)

        assert unit.sent.versions(source, REFS) == {"Task/mp-1": "3"}
        assert unit.sent.last_digests(source, REFS) == {}
        assert unit.sent.owned(source, REFS) == {"Task/mp-1": {"owned-a", "edit-2", "edit-3"}}


def test_gone_from_the_server(database: Database, source: Source) -> None:
    """A resource of ours that somebody deleted has no version to guard, and is written anew."""
    with database.begin() as unit:
        unit.sent.remember(source, [a_draft("a")], NOW)
        unit.sent.written(source, [Written("Task/mp-1", "1")], NOW)
        unit.sent.adopt(source, Standing("Task/mp-1", "", ""), LATER)

        assert (unit.sent.versions(source, REFS), unit.sent.last_digests(source, REFS)) == ({}, {})
        assert unit.sent.owned(source, REFS) == {"Task/mp-1": {"owned-a"}}


def test_what_stands_settled(database: Database, source: Source) -> None:
    """Only of a resource whose last write was answered is it known what stands there; of several bodies of one digest
    it is the one adopted last."""
    with database.begin() as unit:
        unit.sent.remember(source, [a_draft("a"), a_draft("b", "Task/mp-2")], NOW)
        unit.sent.written(source, [Written("Task/mp-1", "1")], NOW)
        assert unit.sent.settled(source, REFS) == {"Task/mp-1": "owned-a"}

        unit.sent.remember(source, [a_draft("c")], LATER)
        assert unit.sent.settled(source, REFS) == {}

        for number, owned in enumerate(("edit-2", "edit-3", "edit-2"), 2):
            unit.sent.adopt(source, Standing("Task/mp-1", str(number), "", owned), LATER.replace(microsecond=number))
        assert unit.sent.settled(source, REFS) == {"Task/mp-1": "edit-2"}

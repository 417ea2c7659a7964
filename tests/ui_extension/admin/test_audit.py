"""The pages of the audit log."""

import csv
import io
import json
from datetime import timedelta

import pytest

from plugin.domain.audit import AuditEntry
from plugin.usecases import read_audit as reading
from plugin.usecases.seal import seal
from tests.admin import AdminClient, signed_in_client
from tests.builders import World, a_patient, a_plan
from tests.fakes import START
from ui_extension.admin.audit_words import action_words, where_from


@pytest.fixture
def world() -> World:
    """With rows of a nurse in the panel, of somebody at the terminal, and of Milepost."""
    made = World()
    entries = [
        AuditEntry(at=START, who="milepost", action="assess", record="main/Patient/p1", detail={"digest": ["a", "b"]}),
        AuditEntry(
            at=START + timedelta(minutes=1),
            who="Practitioner/n1",
            action="say:hold",
            record="main/Patient/p1",
            why="=1+1",
            detail={"issuer": "ehr", "launch": "l1"},
        ),
        AuditEntry(at=START + timedelta(days=1), who="jo at the command line", action="grant", record="person/1"),
    ]
    with made.database.begin() as uow:
        uow.audit.write(entries)
        uow.commit()
    return made


@pytest.fixture
def auditor(world: World) -> AdminClient:
    """Who reads and changes nothing."""
    return signed_in_client(world, roles=("auditor",))


def test_the_log_in_words(world: World, auditor: AdminClient) -> None:
    """Who, what, which record, when, from where, why."""
    page = auditor.get("/admin/audit").text

    for words in ("Practitioner/n1", "said: put on hold", "main/Patient/p1", "panel in the chart (ehr)", "terminal"):
        assert words in page
    assert "person/1 (Demo-Lee, Robin)" in auditor.get("/admin/audit").text


def test_filters_narrow_it(auditor: AdminClient) -> None:
    """Each stays in its field and in the links to other pages."""
    page = auditor.get("/admin/audit?who=Practitioner/n1&from=2026-06-15&to=2026-06-15").text

    assert "said: put on hold" in page
    assert "jo at the command line" not in page
    assert 'value="Practitioner/n1"' in page
    assert "Nothing fits." in auditor.get("/admin/audit?record=person/77").text


def test_a_day_is_one_of_the_practice(auditor: AdminClient) -> None:
    """START is 7 o'clock in the morning there."""
    assert "said: put on hold" in auditor.get("/admin/audit?from=2026-06-15&to=2026-06-15&action=say:hold").text
    assert "Nothing fits." in auditor.get("/admin/audit?from=2026-06-16&action=say:hold").text
    assert "Nothing fits." in auditor.get("/admin/audit?to=2026-06-14&action=say:hold").text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=yesterday", "This is no day"),
        ("from=0001-01-01", "too far away"),
        ("to=9999-12-31", "too far away"),
        ("from=2026-06-16&to=2026-06-15", "before the first one"),
        ("patient=Demo", "A patient&#39;s number is expected"),
        ("patient=77", "no patient with the number 77"),
        (f"patient={'9' * 40}", "A patient&#39;s number is expected"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(auditor: AdminClient, query: str, words: str) -> None:
    """And what was typed stays."""
    answer = auditor.get(f"/admin/audit?{query}")

    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_patient_by_our_own_number(world: World, auditor: AdminClient) -> None:
    """No name and no reference goes into an address."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()

    page = auditor.get("/admin/audit?patient=1").text

    assert "said: put on hold" in page
    assert "person/1" not in page.partition("<tbody>")[2].partition("</tbody>")[0]


def test_pages_are_turned(auditor: AdminClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """By links that keep the filter."""
    monkeypatch.setattr(reading, "PAGE", 1)

    first = auditor.get("/admin/audit?record=main/Patient/p1").text
    assert "said: put on hold" in first.partition("<tbody>")[2]
    assert "Newer" not in first
    older = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = auditor.get(older).text
    assert "looked at a patient" in second.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "Older" not in second
    newer = second.partition('rel="prev" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "said: put on hold" in auditor.get(newer).text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert auditor.get("/admin/audit?older_than=999999").status_code == 404


def test_one_row_says_everything(world: World, auditor: AdminClient) -> None:
    """Also its place in the chain, once it has one."""
    with world.look() as uow:
        (id_,) = [id_ for id_, entry in uow.tables.audit.items() if entry.action == "say:hold"]  # type: ignore[attr-defined]  # the fake's
    page = auditor.get(f"/admin/audit/{id_}").text

    assert "it waits for the next sealing" in page
    for words in ("panel session", "l1", "=1+1", "said: put on hold"):
        assert words in page.replace("Panel", "panel")
    seal(world.services)
    assert "number " in auditor.get(f"/admin/audit/{id_}").text
    assert auditor.get("/admin/audit/999999").status_code == 404


def test_a_file_for_a_spreadsheet(world: World) -> None:
    """What begins like a formula is marked as text; that it was taken away is a row, which is not in it."""
    world.clock.forward(days=2)
    client = signed_in_client(world, roles=("auditor",))

    answer = client.post("/admin/audit/export", {"form": "csv", "record": "main/Patient/p1"})

    said, assessed = csv.DictReader(io.StringIO(answer.text))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-2026-06-17.csv"'
    assert (said["action"], said["why"], assessed["action"]) == ("say:hold", "'=1+1", "assess")
    assert "took the audit log away as a file" in client.get("/admin/audit?action=export:audit").text


def test_a_file_of_json_lines(world: World) -> None:
    """One object a line, as it is stored."""
    world.clock.forward(days=2)
    client = signed_in_client(world, roles=("administrator",))

    answer = client.post("/admin/audit/export", {"form": "jsonl", "who": "Practitioner/n1"})

    (row,) = map(json.loads, answer.text.splitlines())
    assert (row["why"], row["from"], row["detail"]) == (
        "=1+1",
        "panel in the chart (ehr)",
        {"issuer": "ehr", "launch": "l1"},
    )


@pytest.mark.parametrize("role", ["coordinator", "provider", "billing", "program-editor"])
def test_others_are_told_that_they_may_not(world: World, role: str) -> None:
    """Neither read nor take away."""
    client = signed_in_client(world, roles=(role,))

    assert client.get("/admin/audit").status_code == 403
    assert client.get("/admin/audit/1").status_code == 403
    assert client.post("/admin/audit/export").status_code == 403


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"who": "milepost"}, "Milepost itself"),
        ({"who": "jo at the command line"}, "terminal"),
        ({"who": "jo", "detail": {"from": "terminal"}}, "terminal"),
        ({"who": "user:1", "detail": {"from": "192.0.2.1", "session": "s"}}, "192.0.2.1"),
        ({"who": "user:1", "detail": {"issuer": "ehr"}}, "panel in the chart (ehr)"),
        ({"who": "user:1"}, "not told"),
    ],
)
def test_from_where(entry: dict[str, object], words: str) -> None:
    """What the row says, or what follows from a row of an earlier version."""
    made = AuditEntry(**{"at": START, "action": "x", "record": "y", **entry})  # type: ignore[arg-type]  # of all types

    assert where_from(made) == words


def test_actions_that_nobody_wrote_words_for() -> None:
    """Are read out."""
    assert action_words("read:work-item") == "read work item"
    assert action_words("say:what-is-new") == "said what is new"
    assert action_words("count") == "count"

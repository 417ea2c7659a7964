"""The command writes, loads and tells what it made."""

import json
from pathlib import Path

import pytest
import responses

from deploy.demo.generator.__main__ import main

DAY = ["--today", "2026-06-15"]


def test_it_writes_one_transaction_a_line_and_the_list_to_enrol(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says where the list is."""
    enrolments = tmp_path / "lists" / "enrol.txt"

    assert main([*DAY, "--patients", "40", "--out", str(tmp_path / "out"), "--enrolments", str(enrolments)]) == 0

    lines = (tmp_path / "out" / "bundles.ndjson").read_text().splitlines()
    told = capsys.readouterr().out
    assert {json.loads(line)["type"] for line in lines} == {"transaction"}
    assert enrolments.read_text().splitlines() == [
        "Patient/demo-patient-000009 chronic-care",
        "Patient/demo-patient-000030 chronic-care",
    ]
    assert "40 patients" in told
    assert "something of everything: Patient/demo-patient-000002" in told
    assert "activity.reference Task" in told
    assert "2 patients to enrol" in told


def test_standard_output_holds_nothing_but_transactions(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """With `-` the table goes to standard error, so that the output can be piped."""
    assert main([*DAY, "--patients", "3", "--out", "-"]) == 0

    out, err = capfdbinary.readouterr()
    assert all(json.loads(line)["resourceType"] == "Bundle" for line in out.splitlines())
    assert b"The demo practice" in err


def test_it_loads(capsys: pytest.CaptureFixture[str]) -> None:
    """Every transaction is posted once."""
    with responses.RequestsMock() as mock:
        mock.post("http://fhir.test/fhir", json={})

        assert main([*DAY, "--patients", "25", "--load", "http://fhir.test/fhir/", "--quiet"]) == 0

        assert len(mock.calls) == 5
    assert capsys.readouterr().out == ""


def test_a_server_that_refuses_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1 and no traceback."""
    with responses.RequestsMock() as mock:
        mock.post("http://fhir.test/fhir", status=404)

        assert main([*DAY, "--patients", "5", "--load", "http://fhir.test/fhir"]) == 1

    told = capsys.readouterr().err
    assert told.startswith("The demo practice was not loaded.")
    assert "404" in told
    assert told.count("\n") == 1


def test_a_number_of_resources_is_met(tmp_path: Path) -> None:
    """The benchmark asks for resources, not for patients."""
    assert main([*DAY, "--resources", "500", "--out", str(tmp_path), "--quiet", "--tag", "bench"]) == 0

    lines = (tmp_path / "bundles.ndjson").read_text().splitlines()
    assert 500 <= sum(len(json.loads(line)["entry"]) for line in lines) < 550


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--patients", "0"], "no number from 1 on"),
        (["--patients", "100001"], "at most 100000"),
        (["--today", "15.6.2026"], "expected YYYY-MM-DD"),
        (["--tag", "a b"], "cannot stand in an id"),
    ],
)
def test_a_wrong_option_is_named(wrong: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, as argparse does."""
    with pytest.raises(SystemExit, match="2"):
        main(wrong)

    assert told in capsys.readouterr().err

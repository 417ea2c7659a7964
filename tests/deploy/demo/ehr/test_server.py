"""The demo EHR as a process: where it listens, what it is told, and that it serves what it is in front of."""

import json
from pathlib import Path

import pytest

from deploy.demo.ehr.__main__ import main, parser
from deploy.demo.ehr.clients import BadClient, Client, Proof, as_json, read_clients
from deploy.demo.ehr.server import demo_ehr, quiet_session
from tests.fake_hapi import FakeHapi
from tests.smart_app import PUBLIC, registered


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.org"])
def test_it_listens_on_loopback_only(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Anyone may log in, so nobody from elsewhere may come near."""
    with pytest.raises(SystemExit):
        parser().parse_args(["--fhir", "http://127.0.0.1:1/fhir", "--host", host])
    assert "not loopback" in capsys.readouterr().err


@pytest.mark.parametrize("fhir", ["http://127.0.0.1:1/other", "https://127.0.0.1/fhir", "nonsense"])
def test_a_server_whose_links_would_lead_past_it_is_refused(fhir: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said at the start, in words."""
    assert main(["--fhir", fhir]) == 2
    assert "must be http://HOST:PORT/fhir" in capsys.readouterr().err


def test_clients_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Each kind."""
    clients = [registered(proof) for proof in Proof]
    file = tmp_path / "clients.json"
    file.write_bytes(as_json(clients))

    assert read_clients(file) == clients


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uris": ["https://evil.example/callback"]},
        {"launch_url": "http://192.168.0.7/launch"},
        {"jwks_uri": "http://169.254.169.254/keys"},
        {"jwks": {}},
        {"proof": "client_secret", "secret": None},
        {"proof": "trust me"},
        {"scopes": None},
    ],
)
def test_a_registration_that_is_not_of_this_machine_or_not_whole_is_refused(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    """No code, key or launch leaves the machine."""
    (entry,) = json.loads(as_json([registered(Proof.KEY)]))
    file = tmp_path / "clients.json"
    file.write_text(json.dumps([{**entry, **wrong}]))

    with pytest.raises(BadClient):
        read_clients(file)


def test_no_file_and_no_list_are_said_in_words(tmp_path: Path) -> None:
    """Instead of a trace."""
    file = tmp_path / "clients.json"
    with pytest.raises(BadClient, match="no list of clients"):
        read_clients(file)
    file.write_text('{"id": "x"}')
    with pytest.raises(BadClient, match="no list of clients"):
        read_clients(file)


def test_no_secret_is_shown_by_a_client() -> None:
    """Not in a message, not in a log."""
    assert "p:w" not in repr(registered(Proof.SECRET))


def test_it_runs_as_a_process_and_keeps_connections(fhir: FakeHapi) -> None:
    """Log in, open a chart, be refused without a token: over real sockets, several requests on one connection."""
    client = Client(id="app", name="App", proof=Proof.KEY, scopes=(), jwks=PUBLIC)

    with demo_ehr(fhir.url, clients=[client]) as ehr, ehr.login("stubbins") as person, quiet_session() as app:
        chart = person.get(f"{ehr.url}/chart/a", timeout=10)
        refused = app.get(f"{ehr.fhir}/Patient/a", timeout=10)
        metadata = app.get(f"{ehr.fhir}/metadata", timeout=10)
        with pytest.raises(ValueError, match="nobody"):
            ehr.login("nobody")

    assert "Testa Sampleton-a" in chart.text
    assert (refused.status_code, metadata.status_code) == (401, 200)
    assert metadata.headers["Connection"] == "keep-alive"

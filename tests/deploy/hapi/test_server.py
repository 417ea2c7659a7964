"""Starting, stopping and failing of the HAPI server, with a small stand-in for Java; tests/live has the real one."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.hapi.build import HapiBuild, HapiFailure
from deploy.hapi.server import DEFAULT_DATA_DIR, DEFAULT_PORT, QUICK_START, HapiServer, main, server_from
from deploy.services.process import free_port

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy" / "hapi"
SECRET_URL = "jdbc:postgresql://127.0.0.1:1/fhir?user=synthetic&password=secret"
# Writes down how it was called, then serves every path.
JAVA = """#!{python}
import http.server, json, os, pathlib, sys
folder = pathlib.Path(os.environ["MILEPOST_HAPI_DATA_DIR"])
settings = {{name: value for name, value in os.environ.items() if name.startswith("MILEPOST_HAPI_")}}
(folder / "called").write_text(json.dumps([sys.argv[1:], settings]))
print("words of Java", flush=True)
{then}
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(os.environ["MILEPOST_HAPI_PORT"])), Answer).serve_forever()
"""


class BuiltAlready(HapiBuild):
    """A build with nothing to do."""

    def make(self) -> Path:
        """The jar, as if Maven had made it."""
        return self.jar


def install_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, then: str = "") -> None:
    """A stand-in for Java that runs `then` before it serves."""
    programs = tmp_path / "bin"
    programs.mkdir(exist_ok=True)
    (programs / "java").write_text(JAVA.format(python=sys.executable, then=then))
    (programs / "java").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds; a test that waits too long fails."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HapiServer:
    """A server that starts at once."""
    install_java(tmp_path, monkeypatch)
    return HapiServer(free_port(), tmp_path / "data", database_url=SECRET_URL, build=BuiltAlready())


def test_it_serves_while_the_block_runs(server: HapiServer) -> None:
    """`with` returns when the server answers, and leaves nothing behind."""
    with server:
        assert server.is_answering()
        pid = server.pid

    assert server.pid is None
    assert not server.is_answering()
    assert not Path(f"/proc/{pid}").exists()


def test_a_database_password_is_not_in_the_process_list(server: HapiServer) -> None:
    """Settings travel in the environment, which other users of the machine cannot read."""
    with server:
        command = Path(f"/proc/{server.pid}/cmdline").read_text()
        called = (server.data_dir / "called").read_text()

    assert "secret" not in command
    assert SECRET_URL in called
    assert "-Xmx1g" in command


def test_it_can_be_killed_and_started_again(server: HapiServer) -> None:
    """A power cut and a new start, on the same port and folder; the log of the start before is kept."""
    with server:
        first = server.pid
        server.kill()
        killed = server.pid
        server.start()

        assert server.is_answering()
        assert killed is None
        assert server.pid != first
    assert "words of Java" in server.log.with_name("hapi.previous.log").read_text()


def test_another_process_can_stop_it(server: HapiServer) -> None:
    """`make hapi-stop` finds what `make hapi-start` started, by the PID file."""
    with server:
        other = HapiServer(server.port, server.data_dir, build=BuiltAlready())
        assert other.pid == server.pid

        other.stop()

        wait_for(lambda: server.pid is None)  # whom the kernel has begun to end is no process of ours to others already


def test_a_number_that_went_to_a_stranger_is_left_alone(server: HapiServer) -> None:
    """A PID file from before a reboot never makes `stop` end some other program."""
    server.data_dir.mkdir()
    (server.data_dir / "hapi.pid").write_text(f"{os.getpid()}\n")

    assert server.pid is None
    server.stop()


def test_an_end_while_starting_names_the_log(
    server: HapiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is in the log, and the message says where that is."""
    install_java(tmp_path, monkeypatch, then="sys.exit(1)")

    with pytest.raises(HapiFailure, match=f"ended while it was starting.*{re.escape(str(server.log))}"):
        server.start()


def test_a_server_that_never_answers_is_stopped(
    server: HapiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing runs on unseen after a failed start."""
    install_java(tmp_path, monkeypatch, then="import time; time.sleep(600)")

    with pytest.raises(HapiFailure, match="did not answer within 1 s"):
        server.start(timeout=1)

    assert server.pid is None


def test_a_taken_port_says_who_should_change_what(server: HapiServer) -> None:
    """The message names the port and the setting."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", server.port))
        holder.listen()

        with pytest.raises(HapiFailure, match=f"port {server.port}.*set MILEPOST_HAPI_PORT"):
            server.start()


def test_it_ends_with_whoever_started_it(server: HapiServer, tmp_path: Path) -> None:
    """A test run that is killed leaves no server behind."""
    starter = tmp_path / "starter.py"
    starter.write_text(
        "import pathlib, sys, time\n"
        "from deploy.hapi.server import HapiServer\n"
        "from deploy.hapi.build import HapiBuild\nHapiBuild.make = lambda self: self.jar\n"
        f"HapiServer({server.port}, pathlib.Path({str(server.data_dir)!r})).start()\n"
        "time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, starter], env={**os.environ, "PYTHONPATH": str(ROOT)})
    wait_for(server.is_answering)

    process.kill()
    process.wait()

    wait_for(lambda: server.pid is None)
    assert not server.is_answering()


def test_the_command_has_defaults() -> None:
    """Without settings: port 8180, `var/hapi`, H2, references checked, little memory, running on after the command."""
    server = server_from({})

    assert (server.port, server.data_dir) == (DEFAULT_PORT, DEFAULT_DATA_DIR)
    assert server.base_url == "http://127.0.0.1:8180/fhir"
    assert server.database_url is None
    assert server.referential_integrity_on_delete
    assert (server.heap, tuple(server.java_options)) == ("1g", QUICK_START)
    assert server.outlives_parent


def test_the_command_takes_settings(tmp_path: Path) -> None:
    """Each setting arrives; an empty list of Java options leaves the choice to the JVM."""
    server = server_from(
        {
            "MILEPOST_HAPI_PORT": "9000",
            "MILEPOST_HAPI_DATA_DIR": str(tmp_path),
            "MILEPOST_HAPI_DATABASE_URL": SECRET_URL,
            "MILEPOST_HAPI_REFERENTIAL_INTEGRITY_ON_DELETE": "false",
            "MILEPOST_HAPI_HEAP": "2g",
            "MILEPOST_HAPI_JAVA_OPTIONS": "",
        }
    )

    assert (server.port, server.data_dir, server.database_url) == (9000, tmp_path, SECRET_URL)
    assert not server.referential_integrity_on_delete
    assert (server.heap, server.java_options) == ("2g", [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MILEPOST_HAPI_PORT", "http"),
        ("MILEPOST_HAPI_PORT", "0"),
        ("MILEPOST_HAPI_PORT", "65536"),
        ("MILEPOST_HAPI_REFERENTIAL_INTEGRITY_ON_DELETE", "perhaps"),
        ("MILEPOST_HAPI_DATABASE_URL", "postgresql://127.0.0.1/fhir"),
    ],
)
def test_a_broken_setting_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that names the setting, and a non-zero exit."""
    monkeypatch.setenv(name, value)

    code = main(["status"])

    assert code != 0
    assert name in capsys.readouterr().err


def test_status_says_by_its_exit_whether_it_serves(
    server: HapiServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scripts can ask `status`."""
    monkeypatch.setenv("MILEPOST_HAPI_PORT", str(server.port))
    monkeypatch.setenv("MILEPOST_HAPI_DATA_DIR", str(server.data_dir))

    before = main(["status"])
    with server:
        during = main(["status"])

    assert (before, during) == (1, 0)
    assert server.base_url in capsys.readouterr().out


def test_the_readme_lists_every_setting() -> None:
    """What the command and the server read is what README.md lists."""
    named = re.compile(r"MILEPOST_HAPI_[A-Z_]+")
    sources = (FOLDER / "server.py", FOLDER / "src" / "main" / "resources" / "application.yaml")
    read = {name for source in sources for name in named.findall(source.read_text())}

    assert set(named.findall((FOLDER / "README.md").read_text())) == read

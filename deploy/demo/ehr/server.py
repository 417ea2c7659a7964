"""Starts the demo EHR: in this process for its command, as a child for the demo and the tests."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

import requests

from deploy.demo.ehr.clients import Client, as_json
from deploy.services.process import free_port, running, wait_until

HOST = "127.0.0.1"
ANSWER_S = 30.0
OK = 200


@dataclass(frozen=True)
class DemoEhr:
    """One that runs. ``url`` is its origin, and its issuer; ``fhir`` the FHIR base that apps are given."""

    url: str

    @property
    def port(self) -> int:
        """On which it listens."""
        return int(self.url.rpartition(":")[2])

    @property
    def fhir(self) -> str:
        """What a launch calls ``iss``."""
        return f"{self.url}/fhir"

    def login(self, login: str) -> requests.Session:
        """A session of one of the people in ``people.PEOPLE``."""
        session = quiet_session()
        answer = session.post(f"{self.url}/login", data={"login": login}, timeout=ANSWER_S, allow_redirects=False)
        if not session.cookies:
            raise ValueError(f"Nobody has the login {login} ({answer.status_code}).")
        return session

    def is_answering(self) -> bool:
        """Whether it serves."""
        with quiet_session() as session:
            try:
                asked = session.get(f"{self.url}/.well-known/openid-configuration", timeout=ANSWER_S)
            except requests.RequestException:
                return False
            return asked.status_code == OK


def quiet_session() -> requests.Session:
    """Takes no proxy and no password from the environment."""
    session = requests.Session()
    session.trust_env = False
    return session


def at(port: int) -> DemoEhr:
    """The one that listens, or will, on that port."""
    return DemoEhr(f"http://{HOST}:{port}")


def command_line(
    fhir: str, port: int, clients: Path, *, tag: str = "", first: str = "", access_seconds: int | None = None
) -> list[str]:
    """Of one; the clients stand in a file, since a secret must not be in the process list."""
    words = ["--fhir", fhir, "--port", str(port), "--clients", str(clients), "--tag", tag, "--first", first]
    words += ["--access-seconds", str(access_seconds)] if access_seconds else []
    return [sys.executable, "-m", "deploy.demo.ehr", *words]


@contextlib.contextmanager
def demo_ehr(
    fhir_url: str,
    *,
    port: int | None = None,
    clients: Sequence[Client] = (),
    tag: str = "",
    first: str = "",
    access_seconds: int | None = None,
) -> Iterator[DemoEhr]:
    """In front of the FHIR server at ``fhir_url`` while the block runs, in a process of its own."""
    ehr = at(port or free_port())
    with tempfile.TemporaryDirectory(prefix="demo-ehr-") as name:
        folder = Path(name)
        (folder / "clients.json").write_bytes(as_json(clients))
        words = command_line(
            fhir_url, ehr.port, folder / "clients.json", tag=tag, first=first, access_seconds=access_seconds
        )
        with running(words, log=folder / "log", stop_with=SIGTERM) as process:
            wait_until(ehr.is_answering, process, folder / "log")
            yield ehr

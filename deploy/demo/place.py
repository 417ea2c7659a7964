"""Where the demo lives: its folder, its ports, the settings of Milepost in it, and what was loaded and when."""

import contextlib
import fcntl
import json
import os
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.demo.children import HOST
from deploy.demo.generator.fhir import ZONE
from deploy.demo.screen import StepFailed
from plugin.config import child_environment, variables

# The demo is looked at: what happens in the EHR is to be seen at once, also where the hook does not work.
SLUG = "demo"
"""Of the source that is read, and of the issuer of its launches."""
POLL_SECONDS = 10
TICK_SECONDS = 10


@dataclass(frozen=True)
class Practice:
    """What was loaded: the generator's own books."""

    day: str
    patients: int
    resources: int
    with_gap: int
    to_enrol: int
    ehr_port: int
    showcase: str = ""
    """The patient whose chart holds something of everything, where one was made."""


@dataclass(frozen=True)
class Place:
    """The demo's folder and what lies in it. It is cleared by name, so that a wrong folder loses nothing."""

    folder: Path

    @property
    def hapi(self) -> Path:
        """HAPI's database and log."""
        return self.folder / "hapi"

    @property
    def database(self) -> Path:
        """Milepost's."""
        return self.folder / "milepost.db"

    @property
    def key_file(self) -> Path:
        """Milepost's keys."""
        return self.folder / "milepost.key"

    @property
    def jwk_file(self) -> Path:
        """The keys by which the EHR knows Milepost."""
        return self.folder / "milepost.jwk"

    @property
    def audit_heads(self) -> Path:
        """Where Milepost keeps the heads of its audit log, unless it is told another place."""
        return self.folder / "audit-heads.log"

    @property
    def clients(self) -> Path:
        """What the EHR is told of Milepost."""
        return self.folder / "clients.json"

    @property
    def ehr_log(self) -> Path:
        """The words of the EHR."""
        return self.folder / "ehr.log"

    @property
    def enrolments(self) -> Path:
        """Whom to enrol, one a line."""
        return self.folder / "enrolments.txt"

    @property
    def settings_file(self) -> Path:
        """For a shell that is to use Milepost's command on the demo."""
        return self.folder / "env"

    @property
    def first_password(self) -> Path:
        """With which the accounts for the admin pages are opened the first time."""
        return self.folder / "first-password"

    def secret(self, name: str, value: str) -> Path:
        """A file with a secret of ours in it, for its owner only."""
        file = self.folder / f"{name}-secret"
        _write_for_owner(file, [value])
        return file

    @property
    def command_log(self) -> Path:
        """What the command said."""
        return self.folder / "command.log"

    @property
    def run_log(self) -> Path:
        """The words of web, workers and beat."""
        return self.folder / "milepost.log"

    @property
    def _books(self) -> Path:
        return self.folder / "practice.json"

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """One demo at a time in one folder; it holds keys and charts, so nobody else may look into it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StepFailed(f"The demo in {self.folder} runs already; stop it first (Ctrl-C there).") from error
            yield

    def clear(self) -> None:
        """Everything that an earlier demo left."""
        shutil.rmtree(self.hapi, ignore_errors=True)
        for side in ("", "-wal", "-shm"):
            self.database.with_name(self.database.name + side).unlink(missing_ok=True)
        kept = (self.key_file, self.jwk_file, self.enrolments, self.settings_file, self._books, self.first_password)
        secrets = self.folder.glob("*-secret")
        for file in (*kept, *secrets, self.audit_heads, self.clients, self.command_log, self.run_log, self.ehr_log):
            file.unlink(missing_ok=True)

    def practice(self) -> Practice | None:
        """What an earlier demo loaded and left; None when there is nothing to go on with."""
        try:
            return Practice(**json.loads(self._books.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, practice: Practice) -> None:
        """Noted when all is loaded and swept, so that a demo that was cut off is not taken for a whole one."""
        self._books.write_text(json.dumps(asdict(practice)))

    def settings(self, redis_url: str, web_port: int) -> dict[str, str]:
        """Milepost's settings; every other has its default, whatever the user's environment says."""
        ours = {
            "MILEPOST_DATABASE_URL": f"sqlite:///{self.database}",
            "MILEPOST_REDIS_URL": redis_url,
            "MILEPOST_KEY_FILE": str(self.key_file),
            "MILEPOST_JWK_FILE": str(self.jwk_file),
            "MILEPOST_ZONE": ZONE.key,
            "MILEPOST_POLL_SECONDS": str(POLL_SECONDS),
            "MILEPOST_TICK_SECONDS": str(TICK_SECONDS),
            "MILEPOST_BIND": f"{HOST}:{web_port}",
            "MILEPOST_PUBLIC_URL": web_at(web_port),
        }
        return {**variables(), **ours}

    def write_settings(self, settings: Mapping[str, str]) -> None:
        """In the form that a shell reads, for its owner only."""
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in settings.items()]
        _write_for_owner(self.settings_file, ["# Settings of the demo: set -a; . THIS FILE; set +a\n", *lines])


def _write_for_owner(file: Path, lines: Iterable[str]) -> None:
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600), "w") as opened:
        opened.writelines(lines)


def web_at(port: int) -> str:
    """Milepost's own pages. Under another name than the EHR's, so that they are two sites to a browser, as in life."""
    return f"http://localhost:{port}"


def environment_of(settings: Mapping[str, str]) -> dict[str, str]:
    """For the processes of Milepost."""
    return child_environment(settings)

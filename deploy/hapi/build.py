"""Builds the HAPI server with Maven: once, and again only when its pom or sources have changed."""

import fcntl
import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


class HapiFailure(Exception):
    """The HAPI server could not be built, started or stopped; the message says what to do."""


@dataclass(frozen=True)
class HapiBuild:
    """The folder with the server's pom, and what Maven makes of it: a jar beside its libraries in `target/`."""

    folder: Path = Path(__file__).parent

    @property
    def jar(self) -> Path:
        """What `java -jar` takes."""
        return self.folder / "target" / "milepost-hapi.jar"

    @property
    def log(self) -> Path:
        """Maven's words of the last build."""
        return self.folder / "target" / "build.log"

    @property
    def _stamp(self) -> Path:
        return self.folder / "target" / "built-from.sha256"

    def is_current(self) -> bool:
        """Whether the jar stands and was made from the pom and sources as they are now."""
        return self.jar.exists() and self._stamp.exists() and self._stamp.read_text() == self._fingerprint()

    def make(self) -> Path:
        """The jar, built now if need be. Of several processes that ask at once, one builds and the others wait."""
        self.log.parent.mkdir(exist_ok=True)
        with (self.log.parent / "build.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.is_current():
                self._build()
        return self.jar

    def _build(self) -> None:
        fingerprint = self._fingerprint()
        self._stamp.unlink(missing_ok=True)
        command = [program("mvn"), "--quiet", "--batch-mode", "--file", str(self.folder / "pom.xml"), "package"]
        with self.log.open("wb") as log:
            answer = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
            )
        if answer.returncode != 0:
            raise HapiFailure(
                f"Building HAPI failed; Maven's words are in {self.log}. The first build needs access to Maven Central."
            )
        self._stamp.write_text(fingerprint)

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        sources = sorted(file for file in (self.folder / "src").rglob("*") if file.is_file())
        for file in (self.folder / "pom.xml", *sources):
            digest.update(f"{file.relative_to(self.folder)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()


def program(name: str) -> str:
    """The path of an installed program."""
    found = shutil.which(name)
    if found is None:
        raise HapiFailure(f"{name} is not installed; run `sh deploy/system-packages.sh`.")
    return found

"""The `milepost` command as a user types it, with the settings of the demo."""

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from deploy.demo.screen import StepFailed

ROOT = Path(__file__).parents[2]
MILEPOST = Path(sys.executable).with_name("milepost")

Json = dict[str, Any]  # what the command prints with --format json


@dataclass(frozen=True)
class Command:
    """Runs it; everything it says goes into the log as well."""

    environment: Mapping[str, str]
    log: Path

    def run(self, *words: str, shows_bars: bool = False) -> str:
        """What it prints. With `shows_bars` its standard error, where it draws, is the user's."""
        return self._run([str(MILEPOST), *words], f"milepost {shlex.join(words)}", shows_bars)

    def answer(self, *words: str, shows_bars: bool = False) -> Any:  # Any: JSON
        """What it prints as JSON."""
        return orjson.loads(self.run(*words, "--format", "json", shows_bars=shows_bars))

    def python(self, module: str, *words: str) -> str:
        """A module of the demo, with the same settings."""
        return self._run([sys.executable, "-m", module, *words], module, shows_bars=False)

    def _run(self, command: Sequence[str], name: str, shows_bars: bool) -> str:
        ran = subprocess.run(
            command,
            cwd=ROOT,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if shows_bars else subprocess.PIPE,
            text=True,
            check=False,
        )
        said = (ran.stderr or "").strip()
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {name}\n{ran.stdout}{said}\n")
        if ran.returncode != 0:
            raise StepFailed(f"`{name}` failed with exit code {ran.returncode}. {said or ran.stdout.strip()}", self.log)
        return ran.stdout

"""The lint step really finds what it is there for: each case plants one fault and expects the complaint."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import PACKAGES, ROOT, python_files

BIN = Path(sys.executable).parent
SEMGREP = ROOT / ".venv-lint" / "bin" / "semgrep"
CLOSED_PORT = "http://127.0.0.1:9"

# One named exception each: file -> what it may use that is banned elsewhere.
EXCEPTIONS = {
    "plugin/config.py": "os.environ",
    "plugin/bootstrap.py": "datetime.now",
    "plugin/outbound/deadline.py": "http.client",
}

EXCEPTION = re.compile(r"#\s*(?:noqa|nosec|nosemgrep|type:\s*ignore)\b(?P<rest>.*)$")
RULE = r"(?:[A-Z]+\d+|[a-z]+(?:-[a-z]+)*)"
NAMED = re.compile(rf"(?:\[{RULE}(?:, {RULE})*\]|:? {RULE}(?:, {RULE})*)(?P<after>.*)$")
REASON = re.compile(r"[\s:#(-]+\w.{9,}")

BANNED = [
    "import os\n\nHOME = os.environ\n",
    'import os\n\nHOME = os.getenv("HOME")\n',
    'import requests\n\nANSWER = requests.get("http://127.0.0.1", timeout=1)\n',
    'import requests\n\nANSWER = requests.post("http://127.0.0.1", timeout=1)\n',
    "from urllib.request import urlopen\n\nOPEN = urlopen\n",
    "from flask import current_app\n\nAPP = current_app\n",
    "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n",
    "import datetime\n\nNOW = datetime.datetime.utcnow()\n",
    "from datetime import date\n\nTODAY = date.today()\n",
    "import time\n\nNOW = time.time()\n",
    "import pickle\n\nDUMP = pickle.dumps\n",
]

DANGEROUS = [
    ("shell-command", 'import subprocess\n\nsubprocess.run("ls", shell=True)\n'),
    ("outbound-certificate-check-off", 'import requests\n\nrequests.Session().get("https://a", verify=False)\n'),
    ("outbound-redirects-on", 'import requests\n\nrequests.Session().get("https://a", allow_redirects=True)\n'),
    ("sql-from-strings", 'import sqlalchemy\n\n\ndef q(x):\n    return sqlalchemy.text(f"select {x}")\n'),
    (
        "log-of-secret-or-body",
        'import logging\n\nlog = logging.getLogger()\n\n\ndef f(body):\n    log.info("got", body)\n',
    ),
    ("celery-not-json", 'import celery\n\ncelery.Celery().conf.update(task_serializer="pickle")\n'),
]


def run(*command: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A tool, from the root, with its words kept."""
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def ruff(code: str, *, filename: str) -> subprocess.CompletedProcess[str]:
    """Ruff with our settings on a module that is never written into the tree."""
    command = [str(BIN / "ruff"), "check", "--no-cache", "--select", "TID251", "--stdin-filename", filename, "-"]
    return subprocess.run(command, cwd=ROOT, input=code, capture_output=True, text=True, check=False)


def is_explained(before: str, rest: str) -> bool:
    """Whether an exception names its rule, and a comment on either side of it says why."""
    named = NAMED.match(rest)
    comment_before = before.partition("  #")[2]
    return named is not None and bool(REASON.match(named["after"]) or REASON.match(f" {comment_before.strip()}"))


@pytest.mark.parametrize("code", BANNED)
def test_a_banned_call_fails_the_build(code: str) -> None:
    """The environment, the clock, requests' shortcuts, Flask's globals and pickle are refused in the product."""
    answer = ruff(code, filename="plugin/usecases/planted.py")

    assert answer.returncode != 0
    assert "TID251" in answer.stdout


def test_banned_calls_have_one_named_exception_each() -> None:
    """Who reads the clock, the environment or the socket layer is written down here, file by file."""
    excused = {
        str(file.relative_to(ROOT)): line
        for file in python_files(*PACKAGES)
        for line in file.read_text().splitlines()
        if "TID251" in line
    }

    assert {file: line for file, line in excused.items() if EXCEPTIONS.get(file, "\0") not in line} == {}


def test_every_lint_exception_gives_its_reason() -> None:
    """`noqa`, `nosec`, `nosemgrep` and `type: ignore` name their rule and say why on the same line."""
    unexplained = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in python_files(*PACKAGES, "deploy")
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if (found := EXCEPTION.search(line)) and not is_explained(line[: found.start()], found["rest"])
    ]

    assert unexplained == []


def test_bandit_finds_a_planted_shell(tmp_path: Path) -> None:
    """A `shell=True` does not pass the lint step (threat row 29)."""
    planted = tmp_path / "planted.py"
    planted.write_text('import subprocess\n\n\ndef go(x: str) -> None:\n    subprocess.run(f"ls {x}", shell=True)\n')

    answer = run(BIN / "bandit", "--quiet", "--ini", "deploy/lint/bandit.ini", planted)

    assert answer.returncode != 0
    assert "B602" in answer.stdout


def test_our_own_rules_find_what_they_are_for(tmp_path: Path) -> None:
    """Each of our semgrep rules complains about its own planted fault, offline."""
    for rule, code in DANGEROUS:
        (tmp_path / f"{rule.replace('-', '_')}.py").write_text(code)
    assert SEMGREP.exists(), "semgrep is not installed; run `make lint` once"

    options = ("--metrics=off", "--disable-version-check", "--no-git-ignore", "--config", "deploy/lint/semgrep.yml")
    answer = run(SEMGREP, "scan", "--quiet", "--error", *options, tmp_path)

    assert answer.returncode != 0
    assert {rule for rule, _ in DANGEROUS if rule not in answer.stdout} == set()


def test_the_audit_says_when_it_could_not_look() -> None:
    """Without a network `make audit` fails, and nobody mistakes that for "nothing found" (threat row 29)."""
    cut_off = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), CLOSED_PORT)

    lock = "requirements/runtime.txt"
    answer = run(sys.executable, "-m", "deploy.lint.audit", lock, env={**os.environ, **cut_off, "NO_PROXY": ""})

    assert answer.returncode != 0
    assert "NOT DONE" in answer.stderr
    assert "no known vulnerability" not in answer.stdout

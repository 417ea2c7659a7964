"""`make audit`: pip-audit over the locked requirements, with a clear word when it could not really look."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

UNREACHABLE = ("ConnectionError", "Could not connect", "Max retries exceeded", "NameResolutionError", "ServiceError")
SKIPPED = "could not be audited"
NOT_REACHED = "NOT DONE: the vulnerability service cannot be reached, so nothing is known; try again online"
NOT_WHOLE = "NOT DONE: the vulnerability service does not know a locked package, so nothing is known of the rest"


def audit(lock_file: str) -> int:
    """pip-audit's exit code for one lock file; a skipped package counts as a failure (`--strict`)."""
    command = [sys.executable, "-m", "pip_audit", "--strict", "--require-hashes", "--disable-pip"]
    command += ["--progress-spinner", "off", "--timeout", "15", "--requirement", lock_file]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode == 0:
        print(f"audit: {lock_file}: no known vulnerability")
    elif any(sign in answer.stderr for sign in UNREACHABLE):
        print(f"audit: {lock_file}: {NOT_REACHED}", file=sys.stderr)
    elif SKIPPED in answer.stderr:
        print(f"audit: {lock_file}: {NOT_WHOLE}\n{answer.stderr.strip()}", file=sys.stderr)
    else:
        print(f"audit: {lock_file}:\n{answer.stdout}{answer.stderr}", file=sys.stderr)
    return answer.returncode


def main(lock_files: Sequence[str]) -> int:
    """0 only when every file was looked at in full and nothing was found."""
    missing = [name for name in lock_files if not Path(name).is_file()]
    if missing or not lock_files:
        print(f"audit: no such lock file: {', '.join(missing) or '(none given)'}; run `make lock`", file=sys.stderr)
        return 2
    return max(audit(name) for name in lock_files)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m deploy.demo.enrol FILE SOURCE`: `milepost enrol` for every line of a file, in one process instead of one
each."""

import sys
from pathlib import Path

from plugin.cli.command import outcome


def main(arguments: list[str]) -> int:
    """Stops at the first line that fails; the exit code is the command's."""
    file, source = arguments
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        patient, program = line.split()
        code = outcome(["enrol", patient, program, "--source", source, "--by", "the demo"])
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

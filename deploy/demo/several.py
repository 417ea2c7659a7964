"""`python -m deploy.demo.several "WORDS" "WORDS" …`: several `milepost` commands in one process instead of one each."""

import shlex
import sys

from plugin.cli.command import outcome


def main(commands: list[str]) -> int:
    """Stops at the first that fails; the exit code is its."""
    for command in commands:
        code = outcome(shlex.split(command))
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

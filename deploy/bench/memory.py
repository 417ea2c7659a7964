"""Peak memory of a sweep: a process of its own does one, and tells the most that it ever had."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from deploy.bench.installation import BenchFailure, Installation, services_on
from deploy.bench.sweep import swept
from deploy.services.postgres import PostgresServer
from plugin.cli.second_hand import second_hand

LONGEST_S = 900.0
_MIB_IN_KIB = 1024


def peak_mb(installation: Installation) -> float:
    """In MiB; of a fresh interpreter that sweeps a fresh database, or of its second hand, whichever has more."""
    with installation.fresh():
        port, key = str(installation.postgres.port), str(installation.key_file)
        command = [sys.executable, "-m", __name__, port, installation.postgres.user, installation.hapi_url, key]
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_S)
    if told.returncode != 0:
        raise BenchFailure(f"The sweep whose memory was to be measured failed: {told.stderr.strip()[-500:]}")
    return int(told.stdout) / _MIB_IN_KIB


def main() -> None:
    """Sweeps, and prints the peak in KiB."""
    port, user, hapi_url, key_file = sys.argv[1:]
    installation = Installation(PostgresServer(int(port), user), hapi_url, Path(key_file))
    settings = installation.settings(installation.url)
    with second_hand(settings.database_url, partial(services_on, settings)) as hand:
        swept(installation.found(), hand)
    print(max(_high_water_mark(), getrusage(RUSAGE_CHILDREN).ru_maxrss))


def _high_water_mark() -> int:
    """Of physical memory, as the kernel counts it: https://docs.kernel.org/filesystems/proc.html (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()

"""Peak memory of a sweep: a process of its own does one, and tells the most that it ever had."""

import subprocess
import sys
from pathlib import Path

from deploy.bench.installation import BenchFailure, Installation
from deploy.bench.sweep import swept
from deploy.services.postgres import PostgresServer

LONGEST_S = 900.0
_MIB_IN_KIB = 1024


def peak_mb(installation: Installation) -> float:
    """In MiB; of a fresh interpreter that sweeps a fresh database."""
    with installation.fresh() as milepost:
        command = [sys.executable, "-m", __name__, milepost.url, installation.hapi_url, str(installation.key_file)]
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_S)
    if told.returncode != 0:
        raise BenchFailure(f"The sweep whose memory was to be measured failed: {told.stderr.strip()[-500:]}")
    return int(told.stdout) / _MIB_IN_KIB


def main() -> None:
    """Sweeps, and prints the peak in KiB."""
    url, hapi_url, key_file = sys.argv[1:]
    installation = Installation(PostgresServer(port=0, user=""), hapi_url, Path(key_file))
    swept(installation.found(url))
    print(_high_water_mark())


def _high_water_mark() -> int:
    """Of physical memory, as the kernel counts it: https://docs.kernel.org/filesystems/proc.html (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()

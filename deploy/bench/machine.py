"""What the figures were taken on; without it they mean nothing."""

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from deploy.bench.bare import BareClient
from deploy.services.postgres import PostgresServer
from deploy.services.process import program_version

PACKAGES = ("sqlalchemy", "psycopg", "orjson", "msgspec", "requests", "fhirclient")
GIB = 2**30


def load() -> float:
    """How many processes wanted to run in the last minute: asked before anything is started, it tells who else is here."""
    return round(os.getloadavg()[0], 1)


def described(postgres: PostgresServer, hapi: str, load_before: float) -> Mapping[str, object]:
    """Processor, memory, system and versions, and when."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),  # noqa: TID251 - when the figures were taken
        "cpu": _cpu(),
        "cores": os.cpu_count() or 0,
        "load_before": load_before,
        "ram_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB, 1),
        "os": _system(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "java": program_version("java", "-version"),
        "hapi": hapi,
        "postgresql": postgres.version,
        "packages": {name: version(name) for name in PACKAGES},
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _system() -> str:
    for line in Path("/etc/os-release").read_text().splitlines():
        name, _, value = line.partition("=")
        if name == "PRETTY_NAME":
            return value.strip('"')
    return platform.system()


def hapi_version(hapi_url: str) -> str:
    """As its CapabilityStatement says."""
    statement = BareClient(hapi_url).resource("metadata?_elements=software")
    return str(statement.get("software", {}).get("version", "unknown"))

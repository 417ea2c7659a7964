"""What every test gets: no network beyond loopback, repeatable generated cases, and servers on request."""

import ipaddress
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.servers"]

settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.load_profile("dev")

MOST_NAMED = 20
LOCAL_NAMES = {None, "", "localhost"}


class NetworkForbidden(RuntimeError):
    """A test tried to leave this machine. It is no OSError, so that nothing under test mistakes it for an outage."""


def is_loopback(host: object) -> bool:
    """Whether `host` is this machine, by name or number; a name that would have to be looked up is not."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: it sees every socket that Python opens, whoever opens it, and cannot be patched away."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a UNIX socket's address is a path
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not is_loopback(host):
        raise NetworkForbidden(f"tests may not reach {host!r}; use `responses` or a server of tests/servers.py")


sys.addaudithook(refuse_network)


def pytest_unconfigure(config: pytest.Config) -> None:
    """What failed is named in the run's last lines, one each: of a build one often sees no more than its end."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")  # Any: its statistics have no types
    if reporter is None or hasattr(config, "workerinput"):
        return
    failed = [*reporter.stats.get("failed", ()), *reporter.stats.get("error", ())]
    for report in failed[:MOST_NAMED]:
        why = str(getattr(getattr(report.longrepr, "reprcrash", None), "message", report.longrepr))
        reporter.write_line(f"FAILED {report.nodeid}: {(why.splitlines() or [''])[0][:200]}")
    if failed[MOST_NAMED:]:
        reporter.write_line(f"... and {len(failed) - MOST_NAMED} more")

"""gunicorn's settings: on loopback by default, no query in a log, and the numbers that `milepost run` gives."""

import runpy

import pytest

from plugin.run import parts
from tests.architecture.house import ROOT

FILE = str(ROOT / "deploy" / "gunicorn.conf.py")


def test_it_listens_on_loopback_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """MILEPOST_BIND is the only thing that opens it."""
    monkeypatch.delenv("MILEPOST_BIND", raising=False)
    by_default = runpy.run_path(FILE)["bind"]
    monkeypatch.setenv("MILEPOST_BIND", "0.0.0.0:8700")
    told = runpy.run_path(FILE)["bind"]

    assert by_default == "127.0.0.1:8700"
    assert told == "0.0.0.0:8700"


def test_no_log_of_gunicorns_holds_a_query() -> None:
    """Its own access log is off; turned on, it writes the path (%U), never the request line (%r) or query (%q)."""
    found = runpy.run_path(FILE)

    assert found["accesslog"] is None
    assert not {"%(r)s", "%(q)s", "%(f)s"} & set(found["access_log_format"].split())
    assert "%(r)s" not in found["access_log_format"]
    assert "%(q)s" not in found["access_log_format"]


def test_nobody_is_believed_who_says_whom_they_ask_for() -> None:
    """An address in a header opens nothing (plugin/api/access.py)."""
    found = runpy.run_path(FILE)

    assert found["forwarded_allow_ips"] == ""
    assert found["proxy_protocol"] is False


def test_milepost_run_starts_the_same() -> None:
    """Processes, threads and patience."""
    found = runpy.run_path(FILE)
    (web,) = [part.command for part in parts("127.0.0.1:8700") if part.name == "web"]

    told = {name: web[web.index(f"--{name}") + 1] for name in ("workers", "threads", "timeout", "bind")}
    assert told == {
        "workers": str(found["workers"]),
        "threads": str(found["threads"]),
        "timeout": str(found["timeout"]),
        "bind": "127.0.0.1:8700",
    }
    assert found["wsgi_app"] in web


def test_a_broken_setting_ends_it_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and no trace."""
    monkeypatch.setenv("MILEPOST_BIND", "everywhere")

    with pytest.raises(SystemExit, match="milepost: MILEPOST_BIND cannot be used"):
        runpy.run_path(FILE)

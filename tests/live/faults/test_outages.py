"""Servers that go away in the middle and come back: HAPI while it writes, PostgreSQL while it stores."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator

import psycopg
import pytest

from deploy.hapi.server import HapiServer
from deploy.services.postgres import PostgresServer, postgres_server
from deploy.services.process import folder_of, free_port
from tests.faults.gate import Row
from tests.faults.gateway import Held, Point, until
from tests.faults.kills import Undisturbed, unlike
from tests.faults.practice import Ended
from tests.faults.site import Site, Watched, site_of

pytestmark = [pytest.mark.live, pytest.mark.fault]

RESTART_S = 60.0
HEAD_START_S = 0.02


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """One that may be killed: the run's own is in others' use."""
    with postgres_server() as server:
        yield server


def failed_plainly(ended: Ended, words: str) -> bool:
    """One or two lines that say what does not answer, and exit 1."""
    return ended.code == 1 and ended.is_plain and words in ended.err


def test_hapi_is_killed_while_it_writes(site: Site, own_postgres: PostgresServer, calm: Undisturbed) -> None:
    """As by a power cut, a moment after it got a transaction of ours. The sweep says that the server is not there; when
    it is back, the next sweep finds out what was written and writes the rest."""
    with folder_of(None) as folder:
        hapi = HapiServer(port=free_port(), data_dir=folder, referential_integrity_on_delete=False)
        with hapi, site_of(hapi.base_url, own_postgres, site.zone) as own, own.watched() as watched:
            held = own.gateway.watch = Held(lambda exchange: exchange.writes, Point.ARRIVED)
            sweeping = watched.milepost.start("sweep")
            until(held.is_held.is_set, RESTART_S, "nothing was written")
            held.let_pass()
            time.sleep(HEAD_START_S)
            hapi.kill()
            cut = sweeping.wait()
            hapi.start()

            assert cut.code == 0  # it read everything; what could not be written is planned again, in a minute
            assert "failed" in cut.out
            watched.milepost.hurry()
            again = watched.milepost.run("sweep")

            assert (again.code, again.err) == (0, "")
            assert unlike(watched, calm) == []


def test_hapi_is_gone_while_it_is_read(site: Site, calm: Undisturbed) -> None:
    """The sweep fails in words, and goes on with the next when the server is back."""
    with site.watched() as watched:
        held = site.gateway.watch = Held(lambda exchange: exchange.type == "Encounter", Point.ARRIVED)
        sweeping = watched.milepost.start("sweep")
        until(held.is_held.is_set, RESTART_S, "it was not read")
        with site.gateway.closed():
            held.release()
            cut = sweeping.wait()

        assert failed_plainly(cut, "no connection; is the server running there?"), cut
        again = watched.milepost.run("sweep")

        assert (again.code, again.err) == (0, "")
        assert unlike(watched, calm) == []


@pytest.mark.parametrize(
    ("verb", "row"),
    [("sweep", Row("fact", "INSERT", 60)), ("tick", Row("effect", "INSERT", 40))],
    ids=["a page", "reassess"],
)
def test_postgres_crashes_and_comes_back(
    site: Site, own_postgres: PostgresServer, calm: Undisturbed, verb: str, row: Row
) -> None:
    """In the middle of a page and of a reassessment: all its connections are cut and it recovers. The command says that
    the database does not answer; repeated, it goes on."""
    with site_of(site.upstream, own_postgres, site.zone) as own, own.watched() as watched:
        if verb == "tick":
            watched.milepost.run("sync")
        cut = crash_at(own_postgres, watched, verb, row)

        assert failed_plainly(cut, "the database does not answer"), cut
        again = watched.milepost.run("sweep")

        assert (again.code, again.err) == (0, "")
        assert unlike(watched, calm) == []


def crash_at(server: PostgresServer, watched: Watched, verb: str, row: Row) -> Ended:
    """Kills the backend that has come to the row, upon which PostgreSQL ends all others and recovers."""
    gate = watched.gate
    assert gate is not None
    watched.milepost.rest()
    gate.close(row)
    command = watched.milepost.start(verb)
    until(lambda: gate.stopped, RESTART_S, f"{verb} did not come to {row}")
    with contextlib.closing(psycopg.connect(server.dsn("postgres"), autocommit=True)) as witness:
        os.kill(gate.stopped_backend, signal.SIGKILL)
        until(lambda: is_cut(witness), RESTART_S, "PostgreSQL did not notice")
    until(lambda: is_back(server), RESTART_S, "PostgreSQL did not come back")
    gate.mend()
    return command.wait()


def is_cut(witness: psycopg.Connection) -> bool:
    """For a moment after the kill PostgreSQL still answers, and only then ends all connections."""
    try:
        witness.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


def is_back(server: PostgresServer) -> bool:
    """Whether it takes connections (again)."""
    try:
        server.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True

"""`python -m deploy.demo.ehr --fhir URL`: the demo EHR in front of a FHIR server, until Ctrl-C. On loopback only."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from time import time as clock  # noqa: TID251 - the demo EHR's own clock, handed down as an argument

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # it brings no types

from deploy.demo.ehr.app import create_app
from deploy.demo.ehr.clients import BadClient, is_loopback_host, read_clients
from deploy.demo.ehr.grants import ACCESS_S
from deploy.demo.ehr.parts import Practice, parts

THREADS = 16


class Served(BaseApplication):  # type: ignore[misc]  # gunicorn brings no types
    """One process with threads, since everything that is remembered is in its memory; connections stay open."""

    def __init__(self, bind: str, made: Callable[[], Flask]) -> None:
        self._bind = bind
        self._made = made
        super().__init__()

    def load_config(self) -> None:
        """Nothing is written: no log of requests, no socket for commands."""
        chosen = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "worker_connections": 200,
            "timeout": 180,
            "graceful_timeout": 1,
            "keepalive": 30,
            "limit_request_line": 8190,
            "limit_request_field_size": 8190,
            "control_socket_disable": True,
            "loglevel": "warning",
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application, made in the process that serves it."""
        return self._made()


def loopback(host: str) -> str:
    """The address to listen on, where only this machine can reach it."""
    if not is_loopback_host(host):
        raise argparse.ArgumentTypeError(
            f"{host} is not loopback; the demo EHR lets anyone in, and listens nowhere else"
        )
    return host


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m deploy.demo.ehr", description=__doc__)
    made.add_argument("--fhir", required=True, metavar="URL", help="the FHIR server behind it: http://HOST:PORT/fhir")
    made.add_argument("--host", type=loopback, default="127.0.0.1", help="where it listens (default 127.0.0.1)")
    made.add_argument("--port", type=int, default=8800, help="default 8800")
    made.add_argument("--clients", type=Path, metavar="FILE", help="the registered apps, as JSON (see clients.py)")
    made.add_argument("--tag", default="", help="the practice's own tag, on a server that it shares")
    made.add_argument("--first", default="", metavar="ID", help="the patient whose chart is seen after the login")
    made.add_argument("--access-seconds", type=int, default=int(ACCESS_S), help="how long an access token is good")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Serves until it is stopped; 2 when it cannot begin."""
    chosen = parser().parse_args(arguments)
    url = f"http://{chosen.host}:{chosen.port}"
    try:
        clients = read_clients(chosen.clients) if chosen.clients else []
        ehr = parts(
            url,
            chosen.fhir,
            clients,
            clock=clock,
            practice=Practice(chosen.tag, chosen.first),
            access_seconds=chosen.access_seconds,
        )
    except (BadClient, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"The demo EHR is at {url}, in front of {chosen.fhir}.", flush=True)
    Served(f"{chosen.host}:{chosen.port}", lambda: create_app(ehr)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())

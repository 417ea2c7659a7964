"""A Redis that keeps nothing on disk, with many numbered databases."""

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import redis

from deploy.services.process import binary, folder_of, free_port, running, wait_until

DATABASES = 2048


@dataclass(frozen=True)
class RedisServer:
    """A running Redis."""

    port: int

    def url(self, number: int = 0) -> str:
        """The address of one numbered database."""
        return f"redis://127.0.0.1:{self.port}/{number}"


@contextlib.contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A new one, while the block runs."""
    with folder_of(None) as folder:
        server = RedisServer(port=free_port())
        keep_nothing = ("--save", "", "--appendonly", "no", "--databases", str(DATABASES))
        address = ("--bind", "127.0.0.1", "--port", str(server.port), "--dir", str(folder))
        log = folder / "log"
        command = [binary("redis-server"), *address, *keep_nothing]
        with running(command, log=log, stop_with=signal.SIGTERM) as process:
            wait_until(lambda: _answers(server), process, log)
            yield server


def _answers(server: RedisServer) -> bool:
    with contextlib.closing(redis.Redis(host="127.0.0.1", port=server.port)) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

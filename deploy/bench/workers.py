"""Worker processes that tick at a word, as the product's pool does: each with its own services."""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing.connection import Connection

from deploy.bench.installation import BenchFailure, Installation, services_on
from plugin.usecases.reassess import Reassessed
from plugin.usecases.services import Services
from plugin.usecases.tick import tick

LONGEST_S = 1_200.0


@dataclass(frozen=True)
class Ticked:
    """What several workers did side by side: from the word until the last was done."""

    seconds: float
    done: Reassessed

    @property
    def per_s(self) -> float:
        """Patients."""
        return self.done.claimed / self.seconds


class Workers:
    """Those who listen."""

    def __init__(self, ends: Sequence["Connection[object, object]"]) -> None:
        self._ends = ends

    def tick(self, workers: int, now: datetime | None = None) -> Ticked:
        """So many of them reassess all that is due now, or was due then."""
        chosen = self._ends[:workers]
        begun = time.perf_counter()
        for end in chosen:
            end.send(now)
        answers = [_answer(end) for end in chosen]
        return Ticked(time.perf_counter() - begun, sum(answers, Reassessed()))

    def begin(self) -> None:
        """The first of them as the port ``Hand``: it reassesses beside a sweep."""
        self._ends[0].send(None)

    def finish(self) -> Reassessed:
        """See the port."""
        return _answer(self._ends[0])


@contextmanager
def listening(installation: Installation, count: int) -> Iterator[Workers]:
    """They end with the block. The first word that they hear, they are slow: nothing is compiled yet."""
    context = multiprocessing.get_context("spawn")
    ends: list[Connection[object, object]] = []
    processes = []
    for _ in range(count):
        ours, theirs = context.Pipe()
        process = context.Process(target=_listen, args=(theirs, installation), daemon=True)
        process.start()
        theirs.close()
        ends.append(ours)
        processes.append(process)
    try:
        yield Workers(ends)
    finally:
        for end in ends:
            end.close()
        for process in processes:
            process.join(LONGEST_S)


def _answer(end: "Connection[object, object]") -> Reassessed:
    if not end.poll(LONGEST_S):
        raise BenchFailure("A worker does not answer.")
    try:
        answer = end.recv()
    except EOFError:
        raise BenchFailure("A worker has ended; what it said stands above.") from None
    if not isinstance(answer, Reassessed) or answer.failed:
        raise BenchFailure(f"A worker could not reassess everybody: {answer}")
    return answer


def _listen(end: "Connection[object, object]", installation: Installation) -> None:
    services = services_on(installation.settings(installation.url))
    while True:
        try:
            now = end.recv()
        except EOFError:
            break
        end.send(tick(at(services, now) if isinstance(now, datetime) else services))
    services.database.close()


def at(services: Services, moment: datetime) -> Services:
    """The same, for whom it is always that moment."""
    return replace(services, clock=lambda: moment)

"""One kill: a command of Milepost is killed by SIGKILL where the aim says, and repeated until all is done."""

import json
from collections import Counter
from dataclasses import dataclass, replace

from plugin.usecases.deliver import deliver
from plugin.usecases.sources import every_source
from plugin.usecases.sync import read_source
from plugin.usecases.tick import tick
from tests.faults.aims import ROWS, Aim, Measured, Sights, aim_of
from tests.faults.gateway import until
from tests.faults.outcome import Json, differences, of_database, of_server
from tests.faults.practice import PATIENTS, Milepost
from tests.faults.scene import Place, Scene, State, look_at, place_of, state_of
from tests.faults.site import Site, Watched

MOST_REPEATS = 3
MOST_TRIES = 4
QUIET_S = 60.0


@dataclass(frozen=True)
class Undisturbed:
    """What is true after a sweep that nobody disturbed, and what it took."""

    server: dict[str, Json]
    database: dict[str, Counter[str]]
    measured: Measured


@dataclass(frozen=True)
class Fall:
    """One kill, where it fell, and what was not equal at the end."""

    verb: str
    number: int
    database: str
    aim: str
    place: Place
    repeats: int
    differences: list[str]


def undisturbed(site: Site, patients: int = PATIENTS) -> Undisturbed:
    """Sweeps a practice of its own, with nobody in the way."""
    with site.watched(practice=site.practice(patients)) as watched:
        if watched.gate is None:
            raise TypeError("rows are counted in PostgreSQL only")
        places = sorted({place for places in ROWS.values() for place in places})
        watched.gate.count(places)
        swept = watched.milepost.run("sweep", "--format", "json")
        if swept.code:
            raise RuntimeError(f"an undisturbed sweep failed: {swept.err}")
        measured = Measured(
            rows={place: watched.gate.counted(*place) for place in places},
            exchanges=len(site.gateway.exchanges),
            writes=sum(exchange.writes for exchange in site.gateway.exchanges),
            seconds=_seconds_in(swept.out),
        )
        return Undisturbed(of_server(watched.practice), _database(watched), measured)


def unlike(watched: Watched, calm: Undisturbed) -> list[str]:
    """What is not as after an undisturbed sweep, on the server and in the database."""
    different = differences(of_server(watched.practice), calm.server)
    return different + differences(_database(watched), calm.database)


def kill_one(site: Site, verb: str, number: int, calm: Undisturbed) -> Fall:
    """The numbered kill of a verb. Where the command ends before it comes to the aim, another is taken."""
    for attempt in range(MOST_TRIES):
        aim = _earlier(aim_of(verb, number + 1000 * attempt, calm.measured), attempt)
        with site.watched(aim.database) as watched:
            _bring_to(verb, watched.milepost)
            site.gateway.forget()
            seen = _kill(site, watched, verb, aim)
            if seen is None:
                continue
            repeats, different = _ended(watched, verb, calm)
            return Fall(verb, number, aim.database, aim.words, place_of(*seen), repeats, different)
    raise TimeoutError(f"{verb} {number}: it ended each time before it could be killed")


def _ended(watched: Watched, verb: str, calm: Undisturbed) -> tuple[int, list[str]]:
    """How many repetitions it took, and what is other than after an undisturbed run."""
    try:
        repeats = _repeat(watched, verb)
    except RuntimeError as failure:
        return 0, [str(failure)]
    return repeats, unlike(watched, calm)


def _earlier(aim: Aim, attempt: int) -> Aim:
    return replace(aim, after=aim.after / 2**attempt)


def _seconds_in(out: str) -> dict[str, float]:
    spent: dict[str, float] = json.loads(out)["seconds"]
    return {"sweep": sum(spent.values()), "tick": spent["reassess"], "deliver": spent["deliver"]}


def _database(watched: Watched) -> dict[str, Counter[str]]:
    return of_database(watched.milepost.database_url, watched.practice)


def _bring_to(verb: str, milepost: Milepost) -> None:
    """What comes before the verb, done by the same use cases."""
    if verb == "sweep":
        return
    read_source(milepost.services, every_source(milepost.services)[0].source)
    if verb == "deliver":
        tick(milepost.services)


def _kill(site: Site, watched: Watched, verb: str, aim: Aim) -> tuple[Scene, State] | None:
    """What was seen at the kill and right after it; None when the command had ended before."""
    milepost = watched.milepost
    milepost.rest()
    sights = Sights(aim, site.gateway, watched.gate)
    command = milepost.start(verb)
    scene: Scene | None = None
    try:
        if sights.wait(command, lambda: milepost.is_opened_by(command, watched.gate)):
            command.freeze()
            scene = look_at(milepost, watched.gate, sights)
    finally:
        was_alive = command.kill()
        sights.release()
    until(lambda: _is_quiet(site, watched), QUIET_S, "the servers did not come to rest")
    if scene is None or not was_alive:
        return None
    return scene, state_of(watched)


def _is_quiet(site: Site, watched: Watched) -> bool:
    """The FHIR server has done what it was asked for, and the dead process's transactions are over."""
    return site.gateway.is_quiet and (watched.gate is None or watched.gate.others == 0)


def _repeat(watched: Watched, verb: str) -> int:
    """The same command again, until it leaves nothing to do; how often that took."""
    milepost = watched.milepost
    times = 0
    while times == 0 or not state_of(watched).is_done(verb):
        ended = milepost.run(verb)
        times += 1
        if ended.code or times > MOST_REPEATS:
            raise RuntimeError(f"{verb} after a kill: exit {ended.code} {ended.err}; left: {state_of(watched)}")
    if verb == "tick":
        deliver(milepost.services)
    return times

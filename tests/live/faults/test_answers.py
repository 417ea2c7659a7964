"""What a FHIR server may answer to a sweep: the sweep tries again or says what is wrong; repeated, it ends where an
undisturbed one does."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import orjson
import pytest

from plugin.domain.errors import MilepostError, NotFhir, OutsideSource, ServerBusy, TooLarge, Unreachable
from plugin.outbound import Timing
from tests.faults.gateway import Exchange, Gateway, Held, Point
from tests.faults.inside import inside
from tests.faults.kills import Undisturbed, undisturbed, unlike
from tests.faults.site import Site
from tests.rogue import (
    Behaviour,
    Handler,
    answers,
    cuts_the_body,
    drips_body,
    hangs_up,
    rogue_server,
    says_nothing,
    zip_bomb,
)

pytestmark = [pytest.mark.live, pytest.mark.fault]

FEW = 6
"""Patients: one transaction, some forty pages."""
TRIES = 4
BOMB = zip_bomb(200)


@pytest.fixture(scope="module")
def calm(site: Site) -> Undisturbed:
    """What a sweep of so few makes when nobody disturbs it."""
    return undisturbed(site, FEW)


@dataclass
class Once:
    """Spoils one exchange of those that `chosen` picks, the one with this place among them; with more `times`, also the
    tries of it that follow (of its type: a page of another is asked for at the same time)."""

    chosen: Callable[[Exchange], bool]
    place: int
    behaviour: Behaviour
    times: int = 1
    done: int = 0
    type: str | None = None

    def __call__(self, exchange: Exchange) -> Behaviour | None:
        if self.done == self.times or not self.chosen(exchange) or self.type not in (None, exchange.type):
            return None
        self.place -= 1
        if self.place > 0:
            return None
        self.done += 1
        self.type = exchange.type
        return self.behaviour


def is_page(exchange: Exchange) -> bool:
    """One of the feed."""
    return exchange.is_page


def writes(exchange: Exchange) -> bool:
    """One of ours."""
    return exchange.writes


TRIED_AGAIN: dict[str, tuple[Behaviour, int]] = {
    "slow": (drips_body, 1),
    "silent": (says_nothing, 1),
    "cut": (cuts_the_body, 1),
    "hung up": (hangs_up, 1),
    "500": (answers(500, b"{}"), 1),
    "502 twice": (answers(502, b"<html>bad gateway</html>", Content_Type="text/html"), 2),
    "503": (answers(503, b"{}"), 1),
    "429 with Retry-After": (answers(429, b"{}", Retry_After="1"), 1),
}


def test_what_is_temporary_is_asked_again(site: Site, calm: Undisturbed) -> None:
    """Each once, somewhere in one sweep, which tries again and says nothing of it."""
    places = Random("a bad day").sample(range(1, 20), len(TRIED_AGAIN))
    with site.watched(practice=site.practice(FEW)) as watched:
        faults = [Once(is_page, place, *of) for place, of in zip(places, TRIED_AGAIN.values(), strict=True)]
        site.gateway.spoil = lambda exchange: next(filter(None, [fault(exchange) for fault in faults]), None)

        inside(watched.milepost).sweep()

        assert [fault.done for fault in faults] == [times for _, times in TRIED_AGAIN.values()]
        assert unlike(watched, calm) == []


FOR_GOOD: dict[str, tuple[Behaviour, int, type[MilepostError], str]] = {
    "a web page": (answers(200, b"<html>Sign in</html>", Content_Type="text/html"), 1, NotFhir, "a web page"),
    "half a document": (answers(200, b'{"resourceType":"Bundle","entry":['), 1, NotFhir, "broken"),
    "another resource": (answers(200, b'{"resourceType":"Patient"}'), 1, NotFhir, "no Bundle"),
    "200 MB of gzip": (answers(200, BOMB, Content_Encoding="gzip"), 1, TooLarge, "larger than"),
    "503 for long": (answers(503, b"{}"), TRIES, ServerBusy, "503"),
    "429 for an hour": (answers(429, b"{}", Retry_After="3600"), 1, ServerBusy, "too many requests"),
}


def test_what_is_wrong_is_said(site: Site, calm: Undisturbed) -> None:
    """Each ends a sweep in one line, which the source remembers; the next sweep goes on where that one stopped, and the
    last one is complete."""
    with site.watched(practice=site.practice(FEW)) as watched:
        milepost = inside(watched.milepost)

        for place, (behaviour, times, error, words) in enumerate(FOR_GOOD.values(), 1):
            site.gateway.spoil = Once(is_page, 3 * place, behaviour, times)
            with pytest.raises(error, match=words) as failed:
                milepost.sweep()
            assert "\n" not in str(failed.value)
            assert milepost.source.last_error == str(failed.value)

        milepost.sweep()
        assert milepost.source.last_error is None
        assert unlike(watched, calm) == []


def with_next(gateway: Gateway, exchange: Exchange, address: str) -> Behaviour:
    """The server's own answer, with another `next`."""

    def behave(handler: Handler) -> None:
        with gateway.ask(exchange, {"Accept": "application/fhir+json", "Host": f"127.0.0.1:{gateway.port}"}) as answer:
            bundle = orjson.loads(answer.content)
        others = [link for link in bundle.get("link", []) if link["relation"] != "next"]
        bundle["link"] = [*others, {"relation": "next", "url": address}]
        handler.reply(200, orjson.dumps(bundle), {})

    return behave


@pytest.mark.parametrize("kind", ["hapi", "r4"])
def test_a_next_that_leads_elsewhere_is_refused(site: Site, calm: Undisturbed, kind: str) -> None:
    """Nothing is asked there, least of all with our token (threat row 16); the next sweep, with an honest answer, is
    complete."""
    with site.watched(practice=site.practice(FEW)) as watched, rogue_server() as elsewhere:
        elsewhere.plays(answers())
        milepost = inside(watched.milepost, kind=kind)
        few: Callable[[Exchange], bool] = lambda exchange: exchange.is_sorted and exchange.type == "Practitioner"  # noqa: E731
        site.gateway.spoil = lambda exchange: (
            with_next(site.gateway, exchange, f"{elsewhere.url}/Practitioner?page=2") if few(exchange) else None
        )

        with pytest.raises(OutsideSource):
            milepost.sweep()

        assert elsewhere.seen == []
        site.gateway.forget()
        milepost.sweep()
        assert unlike(watched, calm) == []


def test_a_next_in_a_circle_is_refused(site: Site, calm: Undisturbed) -> None:
    """A server that is read by its links, and whose second page leads back to the first (threat row 15)."""
    with site.watched(practice=site.practice(FEW)) as watched:
        milepost = inside(watched.milepost, kind="r4")
        circle = f"{site.gateway.url}/Encounter?_count=7&_tag={watched.practice.tag_filter}"
        site.gateway.spoil = lambda exchange: (
            with_next(site.gateway, exchange, circle) if exchange.type == "Encounter" else None
        )

        with pytest.raises(TooLarge, match="circle"):
            milepost.sweep()

        asked = [exchange for exchange in site.gateway.exchanges if exchange.type == "Encounter"]
        assert len(asked) <= 3
        site.gateway.forget()
        milepost.sweep()
        assert unlike(watched, calm) == []


@pytest.mark.parametrize("is_long", [False, True], ids=["for a moment", "for long"])
def test_a_server_that_refuses_connections(site: Site, calm: Undisturbed, is_long: bool) -> None:
    """In the middle of a sweep. For a moment: it is asked again. For longer: the sweep says so, and a later one goes on."""
    pauses: list[float] = []
    was_refused, is_back = threading.Event(), threading.Event()

    def rest(seconds: float) -> None:
        pauses.append(seconds)
        if is_long or len(pauses) == 1:  # that was the connection that was cut
            time.sleep(seconds)
        else:
            was_refused.set()
            is_back.wait(60)

    with site.watched(practice=site.practice(FEW)) as watched:
        milepost = inside(watched.milepost, timing=Timing(sleep=rest))
        held = site.gateway.watch = Held(lambda exchange: exchange.number >= 20, Point.ARRIVED)
        failures: list[MilepostError] = []
        sweeping = threading.Thread(target=lambda: failures.extend(failure_of(milepost.sweep)))

        sweeping.start()
        assert held.is_held.wait(60)
        with site.gateway.closed():
            held.release()
            if is_long:
                sweeping.join()
            else:
                assert was_refused.wait(60)
        is_back.set()
        sweeping.join()

        assert [type(failure) for failure in failures] == ([Unreachable] if is_long else [])
        assert all("running" in str(failure) or "cut" in str(failure) for failure in failures)
        milepost.sweep()
        assert unlike(watched, calm) == []


def failure_of(work: Callable[[], object]) -> list[MilepostError]:
    """What it raised."""
    try:
        work()
    except MilepostError as failure:
        return [failure]
    return []


def after_writing(gateway: Gateway, behaviour: Behaviour) -> Callable[[Exchange], Behaviour | None]:
    """The first write is passed on and done, and its answer is something else."""
    spoiled: list[int] = []

    def spoil(exchange: Exchange) -> Behaviour | None:
        if spoiled or not exchange.writes:
            return None
        spoiled.append(exchange.number)
        with gateway.ask(exchange, {"Content-Type": "application/fhir+json"}) as answer:
            assert answer.status_code == 200
            exchange.point = Point.ANSWERED
        return behaviour

    return spoil


LOST: dict[str, Behaviour] = {
    "silent": says_nothing,
    "cut": cuts_the_body,
    "503": answers(503, b"{}"),
    "a web page": answers(200, b"<html></html>", Content_Type="text/html"),
}


@pytest.mark.parametrize("name", LOST)
def test_a_write_whose_answer_is_lost(site: Site, calm: Undisturbed, name: str) -> None:
    """The server has written. Milepost finds out, now or an hour later, and writes nothing a second time."""
    with site.watched(practice=site.practice(FEW)) as watched:
        site.gateway.spoil = after_writing(site.gateway, LOST[name])

        inside(watched.milepost).sweep_until_quiet()

        assert unlike(watched, calm) == []


REFUSED: dict[str, tuple[Behaviour, int]] = {
    "503 for long": (answers(503, b"{}"), TRIES),
    "401": (answers(401, b"{}"), 1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_write_that_never_came_to_the_server(site: Site, calm: Undisturbed, name: str) -> None:
    """It is planned again, and written once."""
    behaviour, times = REFUSED[name]
    with site.watched(practice=site.practice(FEW)) as watched:
        site.gateway.spoil = Once(writes, 1, behaviour, times)

        inside(watched.milepost).sweep_until_quiet()

        assert unlike(watched, calm) == []

"""One resource that cannot be mapped among a thousand good ones: it is set aside, and stops nothing."""

from collections.abc import Callable

import orjson
import pytest

from plugin.usecases.sync import read_source
from tests.faults.gateway import Exchange, Gateway
from tests.faults.inside import inside
from tests.faults.site import Site
from tests.live.faults.test_late_commit import a_result, post, stored
from tests.rogue import Behaviour, Handler

pytestmark = [pytest.mark.live, pytest.mark.fault]

GOOD = 1_000


def with_a_bad_one(gateway: Gateway) -> Callable[[Exchange], Behaviour | None]:
    """Pages of Observations, in which one resource has an id that is none."""

    def spoil(exchange: Exchange) -> Behaviour | None:
        if not (exchange.is_page and exchange.type == "Observation" and "_id=" not in exchange.query):
            return None

        def behave(handler: Handler) -> None:
            with gateway.ask(exchange, {"Accept": "application/fhir+json"}) as answer:
                bundle = orjson.loads(answer.content)
            for entry in bundle.get("entry", []):
                if entry["resource"]["id"].endswith("-result-bad"):
                    entry["resource"]["id"] = "no id at all"
            handler.reply(200, orjson.dumps(bundle), {})

        return behave

    return spoil


def test_one_of_a_thousand_and_one(site: Site) -> None:
    """It is counted with its reason, and the thousand are stored; when somebody has put it right, the next poll brings
    it."""
    with site.watched(practice=site.practice(6)) as watched:
        milepost = inside(watched.milepost)
        names = [f"result-{number}" for number in range(GOOD)]
        post(watched.practice, [a_result(watched.practice, name) for name in [*names, "result-bad"]])
        site.gateway.spoil = with_a_bad_one(site.gateway)

        reading = read_source(milepost.services, milepost.source)

        assert reading.set_aside == 1
        assert stored(watched, "result-") == GOOD
        assert milepost.source.last_error is None

        site.gateway.forget()
        post(watched.practice, [{**a_result(watched.practice, "result-bad"), "status": "amended"}])
        read_source(milepost.services, milepost.source)
        assert stored(watched, "result-") == GOOD + 1

"""What Milepost wrote to a real HAPI says that it counts no more, or is deleted; nothing of anybody else is touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from deploy.hapi.server import HapiServer
from fhir_adapters.ehr import FhirEhr
from fhir_adapters.http import FhirHttp
from fhir_adapters.writeback import Names, send
from plugin.domain.source import HowToTakeBack, Source
from tests.live.fhir_adapters.test_writeback import Chart
from tests.servers import FhirTag

pytestmark = pytest.mark.live


@pytest.fixture
def chart(hapi: HapiServer, fhir_tag: FhirTag) -> Iterator[Chart]:
    """A chart into which everything was written that we write."""
    http = FhirHttp(hapi.base_url)
    chart = Chart(http, Names(tags=((fhir_tag.system, fhir_tag.code),)), fhir_tag.code)
    chart.fill()
    assert {answer.error for answer in send(http, chart.everything())} == {None}
    yield chart
    http.close()


def ehr_of(chart: Chart, tag: FhirTag) -> FhirEhr:
    """The source of this test alone."""
    source = Source(id=1, slug="main", base_url=chart.http.base_url, search_filter={"_tag": f"{tag.system}|{tag.code}"})
    return FhirEhr(chart.http, source, chart.names)


def taken(ehr: FhirEhr, how: HowToTakeBack) -> tuple[Counter[str], list[str]]:
    """Everything at once: how much of each type, and what was refused."""
    parts = list(ehr.take_back(how))
    done: Counter[str] = Counter()
    for part in parts:
        done[part.type] += part.done
    return done, [words for part in parts for words in part.refused]


def test_it_says_that_it_counts_no_more(chart: Chart, fhir_tag: FhirTag) -> None:
    """Open Tasks are cancelled, gaps too, the flag is inactive; what has ended stays as it ended, and the second time
    there is nothing left to do."""
    ehr = ehr_of(chart, fhir_tag)
    tasks = chart.tasks(*(chart.milestone(number) for number in range(1, 6)))
    before = {draft.ref: chart.standing(draft.ref)["status"] for draft in tasks}

    done, refused = taken(ehr, "cancel")

    assert refused == []
    ended = {"completed", "cancelled", "rejected"}
    after = {ref: chart.standing(ref)["status"] for ref in before}
    assert after == {ref: status if status in ended else "cancelled" for ref, status in before.items()}
    assert done["Task"] == sum(status not in ended for status in before.values()) > 0
    assert done["Flag"] == 1
    assert sum(taken(ehr, "cancel")[0].values()) == 0


def test_it_is_deleted(chart: Chart, fhir_tag: FhirTag) -> None:
    """In an order that the server's check of references lets pass; the chart itself stays."""
    ehr = ehr_of(chart, fhir_tag)
    assert ehr.ours_by_type()["Task"] == 5

    _, refused = taken(ehr, "delete")

    assert refused == []
    assert set(ehr.ours_by_type()) <= {"Device"}
    assert chart.standing(chart.plan.plan)["status"] == "active"

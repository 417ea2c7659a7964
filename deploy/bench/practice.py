"""The practice that is swept: the demo's, as large as is wanted, loaded into HAPI."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from deploy.bench.installation import ZONE, BenchFailure
from deploy.demo.generator.fhir import Json
from deploy.demo.generator.load import LoadFailed, LoadRefused, load, target
from deploy.demo.generator.stream import MOST_PATIENTS, generate
from deploy.demo.generator.tally import Tally

CLIENTS = 2


def fill(hapi_url: str, resources: int, tag: str = "") -> Iterator[int]:
    """Loads about so many resources; yields how many are in. The same practice with more patients: what an earlier,
    smaller one brought changes nothing."""
    tally = Tally()
    today = datetime.now(ZoneInfo(ZONE)).date()  # noqa: TID251 - the demo's dates are relative to today
    transactions = generate(today, MOST_PATIENTS, tag=tag, tally=tally, resources=resources)
    loaded = 0
    try:
        for transaction in load(target(hapi_url, CLIENTS), transactions):
            loaded += _size(transaction)
            yield loaded
    except (LoadRefused, LoadFailed) as failure:
        raise BenchFailure(f"The practice could not be loaded. {failure}") from failure


def _size(transaction: Json) -> int:
    return len(transaction["entry"])

"""Write-back against HAPI's own rate: what Milepost delivers, and the same bundles, prepared beforehand, posted
bare."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import cast

import orjson

from deploy.bench.bare import BareClient
from deploy.bench.extent import Extent
from deploy.bench.installation import BenchFailure, Installation, Milepost
from deploy.bench.stopwatch import median, median_ratio, timed
from deploy.bench.sweep import swept
from fhir_adapters.writeback.transaction import DEFAULT_SIZE
from plugin.domain.source import Draft, Written
from plugin.usecases.adopt import adopt
from plugin.usecases.deliver import deliver
from plugin.usecases.ports import Ehr
from plugin.usecases.sources import pause_source

TAG = "writeback"
"""A practice of its own on the same server, so that what is written does not show in the sweeps of the other."""


@dataclass(frozen=True)
class WritebackFigures:
    """Resources a second, and their ratio: the median over pairs that were taken one after the other."""

    over_raw: float
    raw_per_s: float
    resources: int


def measure_writeback(installation: Installation, extent: Extent) -> WritebackFigures:
    """Raw, delivered, raw, delivered; each under ids of its own, which follow from the source's slug."""
    raw, delivered, counts = list[float](), list[float](), list[int]()
    for number in range(extent.repetitions):
        bundles = recorded_bundles(installation, f"raw{number}")
        rate, count = posted_per_s(installation.hapi_url, bundles)
        raw.append(rate)
        counts.append(count)
        delivered.append(delivered_per_s(installation, f"bench{number}", count))
    return WritebackFigures(median_ratio(delivered, raw), median(raw), counts[0])


def posted_per_s(hapi_url: str, bundles: Sequence[bytes]) -> tuple[float, int]:
    """One client, one pooled session; and how many resources there were."""
    client = BareClient(hapi_url)
    took, counts = timed(lambda: [client.post(bundle) for bundle in bundles])
    return sum(counts) / took, sum(counts)


def delivered_per_s(installation: Installation, slug: str, count: int) -> float:
    """As the worker delivers; of the same number of resources."""
    with ready_to_write(installation, slug) as milepost:
        took, done = timed(lambda: deliver(milepost.services))
    if done.failed or done.conflicts or not done.written:
        raise BenchFailure(f"{done.written} resources were written, {done.failed} failed, {done.conflicts} conflicts.")
    return count / took


def recorded_bundles(installation: Installation, slug: str) -> Sequence[bytes]:
    """What would be sent, transaction by transaction; nothing is."""
    with ready_to_write(installation, slug) as milepost:
        recorder = _Recorder(milepost.services.ehr(milepost.source))
        services = replace(milepost.services, ehr=lambda _source: cast(Ehr, recorder))
        done = deliver(services)
    if done.failed or not recorder.bundles:
        raise BenchFailure(f"{done.failed} resources could not be prepared.")
    return recorder.bundles


@contextmanager
def ready_to_write(installation: Installation, slug: str) -> Iterator[Milepost]:
    """Swept, introduced to the server, and with nothing left to do but to write to it."""
    with installation.fresh(slug, tag=TAG) as milepost:
        swept(milepost)
        adopt(milepost.services, milepost.source)
        pause_source(milepost.services, milepost.source, is_paused=True)
        deliver(milepost.services)
        pause_source(milepost.services, milepost.source, is_paused=False)
        yield milepost


class _Recorder:
    """A source that takes everything, writes down the transactions and sends none."""

    def __init__(self, ehr: Ehr) -> None:
        self._ehr = ehr
        self.bundles: list[bytes] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._ehr, name)

    def write(self, drafts: Sequence[Draft]) -> Sequence[Written]:
        for start in range(0, len(drafts), DEFAULT_SIZE):
            self.bundles.append(_transaction(drafts[start : start + DEFAULT_SIZE]))
        return [Written(draft.ref, "1") for draft in drafts]


def _transaction(drafts: Sequence[Draft]) -> bytes:
    entries = [{"resource": draft.body, "request": {"method": "PUT", "url": draft.ref}} for draft in drafts]
    return orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})

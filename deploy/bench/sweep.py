"""A first sweep (read, map, store, assess; nothing written back) against bare reading of the same resources."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from deploy.bench.bare import BareClient
from deploy.bench.extent import Extent
from deploy.bench.installation import BenchFailure, Installation, Milepost
from deploy.bench.stopwatch import median, median_ratio, timed
from plugin.usecases.sweep import Swept, sweep
from plugin.usecases.sync import in_order
from plugin.usecases.tick import Hand


@dataclass(frozen=True)
class SweepFigures:
    """Of one size of practice. The ratios are medians over pairs that were taken one after the other."""

    resources: int
    patients: int
    over_paging: float
    over_next_links: float
    sweep_s: float
    paging_per_s: float
    next_links_per_s: float


def warm_up(installation: Installation, extent: Extent, hand: Hand) -> None:
    """Nothing is measured on a cold server, nor by a client that runs for the first time."""
    client = BareClient(installation.hapi_url)
    with installation.fresh() as milepost:
        types = types_of(milepost)
        for _ in range(extent.warming):
            client.read_all(types, client.by_keyset)
            client.read_all(types, client.by_links)
        swept(milepost, hand)


def measure_sweep(installation: Installation, extent: Extent, hand: Hand) -> SweepFigures:
    """Bare, sweep, bare by links; again and again."""
    rounds = [_round(installation, hand) for _ in range(extent.repetitions)]
    counted = {count for one in rounds for count in (one.by_keyset, one.by_links, one.swept.reading.total)}
    if len(counted) != 1:
        raise BenchFailure(f"Not everybody read the same: {sorted(counted)} resources.")
    resources = counted.pop()
    paging, links = [one.keyset_s for one in rounds], [one.links_s for one in rounds]
    sweeps = [one.sweep_s for one in rounds]
    return SweepFigures(
        resources=resources,
        patients=rounds[0].swept.reassessed.claimed,
        over_paging=median_ratio(sweeps, paging),
        over_next_links=median_ratio(sweeps, links),
        sweep_s=median(sweeps),
        paging_per_s=resources / median(paging),
        next_links_per_s=resources / median(links),
    )


@dataclass(frozen=True)
class _Round:
    keyset_s: float
    by_keyset: int
    sweep_s: float
    swept: Swept
    links_s: float
    by_links: int


def _round(installation: Installation, hand: Hand) -> _Round:
    client = BareClient(installation.hapi_url)
    with installation.fresh() as milepost:
        types = types_of(milepost)
        return _Round(
            *timed(partial(client.read_all, types, client.by_keyset)),
            *timed(partial(swept, milepost, hand)),
            *timed(partial(client.read_all, types, client.by_links)),
        )


def types_of(milepost: Milepost) -> Sequence[str]:
    """What a sweep reads, in its order."""
    return in_order(milepost.services.ehr(milepost.source).types)


def swept(milepost: Milepost, hand: Hand | None = None) -> Swept:
    """One first sweep; anything that failed makes the figure worthless."""
    done = sweep(milepost.services, milepost.source, write=False, hand=hand)
    if done.reassessed.failed or not done.reassessed.claimed:
        raise BenchFailure(f"A sweep assessed {done.reassessed.claimed} patients, {done.reassessed.failed} failed.")
    return done

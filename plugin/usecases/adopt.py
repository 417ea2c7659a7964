"""Adopt what Milepost wrote to a source before its database was lost, so that nothing is written a second time."""

from __future__ import annotations

from plugin.domain.source import Source, Standing
from plugin.usecases.ports import Ehr
from plugin.usecases.services import Services


def adopt(services: Services, source: Source) -> int:
    """Before the first write to a source: remembers version and digest of all that carries our tag there; how many.
    Whoever knows of our Device has written or adopted before, so the Device comes last: a crash begins anew."""
    ehr = services.ehr(source)
    device = ehr.device().ref
    with services.database.begin(reading=True) as uow:
        if uow.sent.last_digests(source, [device]):
            return 0
    adopted = 0
    own: list[Standing] = []
    for page in ehr.ours():
        own += [standing for standing in page if standing.ref == device]
        adopted += _remember(services, source, [standing for standing in page if standing.ref != device])
    _remember(services, source, own)
    _introduce(services, source, ehr)
    return adopted


def _remember(services: Services, source: Source, page: list[Standing]) -> int:
    now = services.clock()
    with services.database.begin() as uow:
        for standing in page:
            uow.sent.adopt(source, standing, now)
        uow.commit()
    return len(page)


def _introduce(services: Services, source: Source, ehr: Ehr) -> None:
    """Writes the Device, which everything else refers to; a server that refuses it refuses the rest as well."""
    device = ehr.device()
    with services.database.begin() as uow:
        if uow.sent.last_digests(source, [device.ref]).get(device.ref) == device.digest:
            return
        uow.sent.remember(source, [device], services.clock())
        uow.commit()
    written = ehr.write([device])
    with services.database.begin() as uow:
        uow.sent.written(source, [answer for answer in written if answer.error is None], services.clock())
        uow.commit()

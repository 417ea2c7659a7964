"""Publish the programs and ladders that this version of Milepost ships."""

from __future__ import annotations

from collections.abc import Sequence

from plugin.domain.configuration import ConfigVersion
from plugin.usecases.services import Services


def publish_shipped(services: Services) -> Sequence[ConfigVersion]:
    """Those that were not published yet; with any, every patient is reassessed. Repeating it changes nothing."""
    now = services.clock()
    with services.database.begin() as uow:
        new = [version for version in services.catalog.shipped() if uow.configurations.publish(version, now)]
        if new:
            uow.patients.mark_all(now)
        uow.commit()
    return new

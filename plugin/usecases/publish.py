"""Publish what this version of Milepost ships, without ever writing over what the practice has decided.

A program that the practice has never touched moves to the shipped version. Where it has published, rolled back or
retired one itself, the new version is only stored as an offer: its page shows it, and a draft can be made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plugin.domain.configuration import MILEPOST, ConfigVersion
from plugin.usecases.come_into_force import take_effect
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services


def publish_shipped(services: Services) -> Sequence[ConfigVersion]:
    """Those that were published now; with any, every patient is reassessed. Repeating it changes nothing."""
    with services.database.begin() as uow:
        uow.configurations.lock()
        now = services.clock()
        new = []
        for version in services.catalog.shipped():
            if _is_the_practices(uow, version):
                uow.configurations.store(_offered(uow, version), now)
            elif uow.configurations.publish(version, now):
                new.append(version)
        made = [uow.configurations.history(version.kind, version.code)[0] for version in new]
        to_read = take_effect(services, uow, made, now) if made else ()
        uow.commit()
    for source_id in to_read:
        services.jobs.poll(source_id)
    return new


def _is_the_practices(uow: UnitOfWork, version: ConfigVersion) -> bool:
    return any(made.by != MILEPOST for made in uow.configurations.history(version.kind, version.code))


def _offered(uow: UnitOfWork, version: ConfigVersion) -> ConfigVersion:
    """Under its own number; where the practice has given that to another content, under one that says whose it is."""
    for known in uow.configurations.versions(version.kind, version.code):
        if known.version == version.version and known.body != version.body:
            name = f"shipped-{version.version}"
            return replace(version, version=name, body={**version.body, "version": name}, state="offered")
    return replace(version, state="offered")

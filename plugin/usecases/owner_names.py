"""Under which names somebody has work and steps: a chart's reference is theirs only where an issuer of it said so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from plugin.domain.person import Person
from plugin.domain.queue import OwnerName
from plugin.usecases.ports import UnitOfWork

SourcesOf = Mapping[str, Sequence[int]]
"""By OIDC issuer: the numbers of the sources in whose charts its people are known by their ``fhirUser``."""


def known_as(uow: UnitOfWork, person_id: int) -> tuple[OwnerName, ...]:
    """What the charts call somebody, by the EHR users who are the same person: steps are theirs under that name."""
    ways_in = [one for one in uow.people.all() if one.belongs_to == person_id]
    sources = sources_of(uow) if ways_in else {}
    return tuple(name for one in ways_in for name in names_of(one, sources))


def sources_of(uow: UnitOfWork) -> SourcesOf:
    """Those that there are now."""
    numbers = {source.slug: source.id for source in uow.sources.all()}
    found: dict[str, set[int]] = defaultdict(set)
    for issuer in uow.issuers.all():
        if issuer.source in numbers:
            found[issuer.oidc_issuer].add(numbers[issuer.source])
    return {oidc_issuer: sorted(of_issuer) for oidc_issuer, of_issuer in found.items()}


def names_of(person: Person, sources: SourcesOf) -> tuple[OwnerName, ...]:
    """This way in alone: one name for each source, or the one that we gave."""
    if person.fhir_user is None:
        return (OwnerName(person.who),)
    return tuple(OwnerName(person.who, source_id) for source_id in sources.get(person.oidc_issuer, ()))

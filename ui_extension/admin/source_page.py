"""The page of one source: how it is, and for each kind what else belongs to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from flask import render_template

from plugin.domain.issuer import ClientAuth
from plugin.domain.permissions import Action, Data, can, role_words
from plugin.domain.rights import READING
from plugin.domain.source import OPENEMR, Source
from plugin.domain.staff_account import EndedBecause
from plugin.usecases.issuers import every_issuer
from plugin.usecases.link_patients import links_to_do
from plugin.usecases.retry_aside import AT_ONCE
from plugin.usecases.services import Services
from plugin.usecases.source_check import INDEX
from plugin.usecases.source_reading import source_costs, types_read
from plugin.usecases.source_settings import INBOX_ROLES, works_there
from plugin.usecases.sources import Check, every_source, set_aside_records
from plugin.usecases.staff_account import account_of
from ui_extension.admin.access import signed_in
from ui_extension.admin.source_settings import SINK_WORDS

ENDED: Mapping[str, str] = {
    EndedBecause.SIGNED_OUT: "somebody signed it out here",
    EndedBecause.REVOKED: "OpenEMR says that its session was ended there: it was signed out, or its trust taken back",
    EndedBecause.REFUSED: "OpenEMR takes its sign-in no more: it ran out after three months, or was used up elsewhere",
    EndedBecause.INTERRUPTED: "Milepost broke off while it was renewed, and what it had was used up by then",
    EndedBecause.SCOPE: "OpenEMR lets it do less than before",
}
"""Why a staff account is signed in no more."""


def source_page(services: Services, source: Source, *, checks: Sequence[Check] = (), wrong: str | None = None) -> str:
    """As it stands now, with what was just tried or is wrong."""
    healths = every_source(services)
    return render_template(
        "admin/sources/one.html",
        source=source,
        health=next(health for health in healths if health.source.id == source.id),
        checks=checks,
        wrong=wrong,
        aside=set_aside_records(services, source),
        at_once=AT_ONCE,
        now=services.clock(),
        may_edit=can(signed_in().roles, Action.EDIT, Data.CONFIGURATION),
        sink_words=SINK_WORDS[source.sink][0],
        inbox=_inbox(services, source),
        practice_zone=services.practice.zone.key,
        staff=account_of(services, source) if source.kind == OPENEMR else None,
        may_link=source.sink == "companion" and can(signed_in().roles, Action.ACT, Data.PLAN),
        waiting=len(links_to_do(services, source)) if source.sink == "companion" else 0,
        costs=source_costs(services, source),
        types_read=types_read(services, source),
        issuers=[issuer.slug for issuer in every_issuer(services) if issuer.source == source.slug],
        of_launches=_of_launches(source),
        rights=_rights(source),
        index=INDEX,
        ended=ENDED,
        takes_for=[each.source.slug for each in healths if each.source.companion == source.slug],
    )


def _of_launches(source: Source) -> Mapping[str, str]:
    """What is known beforehand of the record by which people open the panel from an OpenEMR's charts (8.2)."""
    address, _, site = source.base_url.removesuffix("/fhir").rpartition("/apis/")
    parts = urlsplit(source.base_url)
    return {
        "slug": source.slug,
        "source": source.slug,
        "fhir_base": source.base_url,
        "oidc_issuer": f"{address}/oauth2/{site}",
        "client_auth": ClientAuth.SECRET.value,
        "ehr_origins": f"{parts.scheme}://{parts.netloc}",
    }


def _rights(source: Source) -> Sequence[tuple[str, str, bool]]:
    """(what it is for, the scope, whether it was granted) when the server was asked last; nothing before."""
    lacking = (source.capability or {}).get("lacking")
    if not isinstance(lacking, list | tuple):
        return []
    return [
        (right.means, right.scope, not any(right.scope in str(words).split() for words in lacking)) for right in READING
    ]


def _inbox(services: Services, source: Source) -> Sequence[tuple[str, str]]:
    """(who owns a step, user name in the EHR), roles first."""
    if not source.inbox:
        return []
    names = {person.ref: person.name for person in works_there(services, source)}
    order = [*INBOX_ROLES, *sorted(source.inbox, key=lambda who: names.get(who, who))]
    calls = {who: role_words(who).capitalize() if who in INBOX_ROLES else names.get(who, who) for who in order}
    return [(calls[who], source.inbox[who]) for who in dict.fromkeys(order) if who in source.inbox]

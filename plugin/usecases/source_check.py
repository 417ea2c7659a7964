"""What a kind of server must offer to be a source at all, and what those who work with Milepost notice of what it
lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from plugin.domain.errors import MilepostError
from plugin.domain.source import OPENEMR, Source
from plugin.usecases.ports import Ehr
from plugin.usecases.services import Services
from plugin.usecases.source_reading import source_costs
from plugin.usecases.staff_account import account_of


class Check(NamedTuple):
    """One thing that was tried with a source, and what came of it, in words."""

    what: str
    is_good: bool
    words: str


def must_offer(source: Source) -> tuple[str, ...]:
    """The types without which it is not added. OpenEMR 8.2 has no Task: its milestone Tasks go elsewhere."""
    if not source.is_ehr:
        return ("Patient", "Task", "DetectedIssue")
    return ("Patient", "CarePlan") if source.kind == OPENEMR else ("Patient", "CarePlan", "Task")


def types_in(capability: Mapping[str, object]) -> frozenset[str]:
    """All that the server offers, by its own account."""
    types = capability.get("types")
    return frozenset(str(name) for name in types) if isinstance(types, Mapping | list | tuple) else frozenset()


def what_is_missing(services: Services, source: Source, ehr: Ehr, capability: Mapping[str, object]) -> Iterator[Check]:
    """What works without, and what its users will notice. Such a server is good enough to be added."""
    if source.kind == OPENEMR:
        yield from (Check("rights", is_good=False, words=words) for words in sorted(_texts(capability.get("lacking"))))
        yield from _of_openemr(services, source, ehr)
    else:
        yield from _of_fhir(capability)
    if source.is_ehr:
        for type_ in (each for each in ehr.not_offered if each != "Task" or source.kind != OPENEMR):
            yield Check(type_, is_good=True, words=f"not offered: no {type_} counts as evidence or is shown")


# ------------------------------------------------------------------------------------------------- any other FHIR server
_CAN_BE_DONE_WITHOUT = {
    "transaction": "changes are not written back: Tasks and gaps are seen in Milepost alone",
    "subscription": "what happens there is noticed with the next poll, not within seconds",
    "history": "who changed one of our Tasks there is not known; it counts as somebody's in the EHR",
    "update": "milestone Tasks cannot be kept up to date there",
}
"""What a server may lack, and what that means for those who work with Milepost."""


def _of_fhir(capability: Mapping[str, object]) -> Iterator[Check]:
    types = capability.get("types")
    types = types if isinstance(types, Mapping) else {}
    has = {
        "transaction": "transaction" in _texts(capability.get("system")),
        "subscription": bool({"create", "update"} & _interactions(types, "Subscription")),
        "history": "history-instance" in _interactions(types, "Task"),
        "update": "update" in _interactions(types, "Task"),
    }
    for what, means in _CAN_BE_DONE_WITHOUT.items():
        yield Check(what, is_good=True, words="offered" if has[what] else f"not offered: {means}")


def _interactions(types: Mapping[str, object], type_: str) -> frozenset[str]:
    entry = types.get(type_)
    return _texts(entry.get("interactions")) if isinstance(entry, Mapping) else frozenset()


def _texts(value: object) -> frozenset[str]:
    return frozenset(str(text) for text in value) if isinstance(value, list | tuple) else frozenset()


# --------------------------------------------------------------------------------------------------------- OpenEMR (8.2)
INDEX = "CREATE INDEX milepost_plan ON form_care_plan (id);"
"""OpenEMR 8.2 has none, and searches the whole table for each plan: 5,000 plans take 8.7 s without it, and 0.05 s with it."""

_SLOW = timedelta(seconds=1)
_ALWAYS = {
    "subscription": "not offered: what happens there is noticed with the next poll, within minutes in working hours and "
    "within an hour or so outside them",
    "step status": "not offered: completing a plan there completes all its steps at once. A step without evidence of its "
    "own then waits for somebody to look",
    "encounter status": "not offered: every visit there is finished. A visit alone completes no step; somebody confirms it",
}


def _of_openemr(services: Services, source: Source, ehr: Ehr) -> Iterator[Check]:
    yield Check("Task", is_good=True, words=f"not offered: {_where_tasks_go(services, source)}")
    if source.sink == "message":
        yield _staff_account(services, source)
    for what, words in _ALWAYS.items():
        yield Check(what, is_good=True, words=words)
    yield _index(services, source, ehr)
    yield _log(services, source)


def _where_tasks_go(services: Services, source: Source) -> str:
    if source.sink == "message":
        return "a staff message for each open gap goes to the inbox of whoever owns the step"
    if source.sink == "own":
        return (
            "milestone Tasks and gaps are seen in Milepost alone, until somebody chooses where they go "
            f"(`milepost source set {source.slug} --sink companion` or `--sink message`)"
        )
    with services.database.begin(reading=True) as uow:
        store = next((each for each in uow.sources.all() if each.slug == source.companion), None)
    if store is None:
        return f"and its companion store {source.companion} is not there any more: nothing is written"
    state = ", which is paused: nothing is written" if store.paused else "; OpenEMR's own pages do not show them"
    return f"milestone Tasks and gaps go to the companion store {store.slug}{state}"


def _staff_account(services: Services, source: Source) -> Check:
    account = account_of(services, source)
    if account is not None and account.ended is None:
        return Check("staff account", is_good=True, words=f"signed in as {account.who}")
    words = "nobody is signed in: messages wait until an administrator signs it in on the source's page"
    return Check("staff account", is_good=False, words=words)


def _index(services: Services, source: Source, ehr: Ehr) -> Check:
    """How long one plan takes. Nothing else tells whether the index is there."""
    means = f"with an index it takes a moment, however many plans there are: {INDEX}"
    with services.database.begin(reading=True) as uow:
        plans = next(iter(uow.facts.references(source, "CarePlan")), ())
    if not plans:
        return Check("plan index", is_good=True, words=f"not known before the first sweep; {means}")
    began = services.clock()
    try:
        list(ehr.read(plans[:1]))
    except MilepostError as error:
        return Check("plan index", is_good=False, words=str(error))
    took = services.clock() - began
    words = f"one plan took {took.total_seconds():.2f} s"
    return Check("plan index", is_good=True, words=f"{words}: {means}" if took > _SLOW else words)


def _log(services: Services, source: Source) -> Check:
    costs = source_costs(services, source)
    words = f"it keeps a copy of every answer: {costs.mb_today:.1f} MB today, in {costs.today.requests:,} requests"
    if costs.mb_per_day is not None:
        words += f"; {costs.mb_per_day:.1f} MB in a day of the last week"
    if costs.most_mb_per_day is not None:
        words += f"; Milepost keeps below {costs.most_mb_per_day:.0f} MB a day, beside the first sweep"
    return Check("stored answers", is_good=True, words=words)

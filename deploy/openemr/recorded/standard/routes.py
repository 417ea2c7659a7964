"""Which call of the Standard API goes where, and what it needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from deploy.openemr.recorded.access import NO_PERMISSION, UNAUTHORIZED, Denied, Letter
from deploy.openemr.recorded.acl import check_acl
from deploy.openemr.recorded.answer import Answer
from deploy.openemr.recorded.errors import NoRoute
from deploy.openemr.recorded.standard import appointments, messages, patients, practice, visits
from deploy.openemr.recorded.standard.reply import Desk, nothing

_WHOLE = "api:oemr"


@dataclass(frozen=True)
class Route:
    """``scope`` is a resource of the Standard API, in small letters, unlike FHIR's."""

    method: str
    path: re.Pattern[str]
    scope: str
    letter: Letter
    acl: str
    answer: Callable[[Desk], Answer]


def _route(line: str, acl: str, answer: Callable[[Desk], Answer]) -> Route:
    method, path, scope, letter = line.split()
    letters: dict[str, Letter] = {"c": "c", "r": "r", "u": "u", "d": "d", "s": "s"}
    pattern = re.compile(re.sub(r":\w+", "([^/]+)", path))
    return Route(method, pattern, scope, letters[letter], acl, answer)


def _absent(_: Desk) -> Answer:
    return nothing()


ROUTES: Sequence[Route] = (
    _route("GET patient patient s", "patients/demo", patients.search),
    _route("POST patient patient c", "patients/demo", patients.post),
    _route("GET patient/:puuid patient r", "patients/demo", patients.one),
    _route("POST practitioner practitioner c", "admin/users", patients.post_practitioner),
    _route("GET user user s", "admin/users", practice.users),
    _route("GET facility facility s", "admin/users", practice.facilities),
    _route("GET version version r", "", practice.version),
    _route("GET list/:name list r", "lists/default", practice.options),
    _route("GET insurance_company insurance_company s", "", _absent),
    _route("POST patient/:puuid/encounter encounter c", "encounters/auth_a", visits.post_encounter),
    _route("POST patient/:puuid/medical_problem medical_problem c", "encounters/notes", visits.post_problem),
    _route("POST patient/:pid/encounter/:eid/vital vital c", "encounters/notes", visits.post_vital),
    _route("POST patient/:pid/encounter/:eid/soap_note soap_note c", "encounters/notes", visits.post_soap_note),
    _route("GET patient/:pid/encounter/:eid/soap_note soap_note s", "encounters/notes", visits.soap_notes),
    _route("GET appointment appointment s", "patients/appt", appointments.everybodys),
    _route("GET appointment/:eid appointment r", "patients/appt", appointments.one),
    _route("GET patient/:pid/appointment appointment s", "patients/appt", appointments.of_patient),
    _route("GET patient/:pid/appointment/:eid appointment r", "patients/appt", appointments.one),
    _route("POST patient/:pid/appointment appointment c", "patients/appt", appointments.post),
    _route("DELETE patient/:pid/appointment/:eid appointment d", "patients/appt", appointments.delete),
    _route("POST patient/:pid/message message c", "patients/notes", messages.post),
    _route("PUT patient/:pid/message/:mid message u", "patients/notes", messages.put),
    _route("DELETE patient/:pid/message/:mid message d", "patients/notes", messages.delete),
    _route("GET patient/:pid/document document s", "patients/docs", visits.documents),
    _route("POST patient/:pid/document document c", "patients/docs", visits.post_document),
    _route("GET patient/:pid/transaction transaction s", "patients/trans", visits.transactions),
    _route("POST patient/:pid/transaction transaction c", "patients/trans", visits.post_transaction),
)


def answer(desk: Desk, rest: str) -> Answer:
    """A client of its own is not let in at all (recording 284); then the route is looked for, then the scope, then what
    the user's group may. Raises Denied, Failure."""
    permit = desk.permit
    if permit.is_system:
        raise Denied(403, NO_PERMISSION)
    for route in ROUTES:
        found = route.path.fullmatch(rest)
        if found and route.method == desk.call.method:
            if _WHOLE not in permit.scopes or permit.context(route.scope, route.letter) is None:
                raise Denied(401, UNAUTHORIZED)
            if route.acl:
                check_acl(desk.clinic, permit.user, route.acl)
            return route.answer(replace(desk, named=found.groups()))
    raise NoRoute

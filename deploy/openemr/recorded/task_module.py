"""A module that adds /fhir/Task, as the test module of the recordings 386 to 396 did: it keeps nothing and says what it
was asked. Its routes are in no /metadata; its scopes are among those that can be asked for."""

from __future__ import annotations

from deploy.openemr.recorded.access import UNAUTHORIZED, Denied, Letter, Permit
from deploy.openemr.recorded.answer import Answer, json_answer
from deploy.openemr.recorded.errors import NoRoute
from deploy.openemr.recorded.request import Call

_LETTERS: dict[str, Letter] = {"GET": "r", "POST": "c", "PUT": "u"}


def answer(call: Call, permit: Permit, id_: str) -> Answer:
    """A client of its own may write here, unlike anywhere else. Raises Denied, NoRoute."""
    if call.method not in _LETTERS or (call.method == "POST" and id_) or (call.method == "PUT" and not id_):
        raise NoRoute
    letter = "s" if call.method == "GET" and not id_ else _LETTERS[call.method]
    if permit.context("Task", letter) is None:
        raise Denied(401, UNAUTHORIZED)
    role = {"role": "system" if permit.is_system else "users"}
    if letter == "s":
        asked = {name: values[-1] for name, values in call.given.items()}
        return json_answer(200, {"resourceType": "Bundle", "type": "searchset", "total": 0, "query": asked or []})
    task = {"resourceType": "Task", "id": id_ or "new"}
    if call.method == "GET":
        return json_answer(200, task | role)
    said = task | {"echo": call.json}
    return json_answer(200, said | role if call.method == "POST" else said)

"""Messages: written, said further, deleted. They cannot be read (OpenEMR 8.2)."""

from __future__ import annotations

from deploy.openemr.recorded.answer import Answer
from deploy.openemr.recorded.coercion import as_number
from deploy.openemr.recorded.standard.checks import complaints, long_enough
from deploy.openemr.recorded.standard.reply import Desk, plain

_CHECKS = {
    "body": long_enough(65535),
    "to": long_enough(255),
    "from": long_enough(255),
    "groupname": long_enough(255),
    "title": long_enough(255),
    "message_status": long_enough(20),
}


def post(desk: Desk) -> Answer:
    """Whatever stands for the patient becomes a number: a uuid that begins with a digit is another patient's (recordings
    230, 231 and 257)."""
    given = desk.call.json
    wrong = complaints(given, _CHECKS)
    if wrong:
        return plain(200, wrong)
    message = desk.clinic.send_message(
        pid=as_number(desk.named[0]),
        to=given["to"],
        sender=given["from"],
        body=given["body"],
        title=given["title"],
        status=given["message_status"],
        group=given["groupname"],
    )
    return plain(201, {"mid": message.mid})


def put(desk: Desk) -> Answer:
    """The number comes back whether or not there is such a message of this patient; only then does anything change
    (recordings 232 to 236)."""
    given = desk.call.json
    wrong = complaints(given, _CHECKS)
    if wrong:
        return plain(200, wrong)
    pid, mid = desk.named
    message = desk.clinic.messages.get(as_number(mid))
    if message and message.pid == as_number(pid):
        desk.clinic.add_to_message(
            message,
            body=given["body"],
            to=given["to"],
            sender=given["from"],
            title=given["title"],
            status=given["message_status"],
        )
    return plain(200, {"mid": mid})


def delete(desk: Desk) -> Answer:
    """True, also when there was none (recording 238)."""
    pid, mid = desk.named
    message = desk.clinic.messages.get(as_number(mid))
    if message and message.pid == as_number(pid):
        desk.clinic.delete_message(message)
    return plain(200, True)

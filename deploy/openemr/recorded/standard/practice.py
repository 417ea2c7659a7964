"""Users, facilities, lists and the version of the Standard API."""

from __future__ import annotations

from typing import Any

from deploy.openemr.recorded.answer import Answer
from deploy.openemr.recorded.rows import Facility, User
from deploy.openemr.recorded.standard.reply import Desk, envelope, links, nothing, page, plain

VERSION = {
    "v_major": 8,
    "v_minor": 2,
    "v_patch": 0,
    "v_realpatch": 0,
    "v_tag": "-dev",
    "v_database": 541,
    "v_acl": 13,
}
_APPOINTMENT_STATUSES = (
    ("-", "- None", "FEFDCF|0", ""),
    ("*", "* Reminder done", "FFC9F8|0", ""),
    ("+", "+ Chart pulled", "87FF1F|0", ""),
    ("x", "x Canceled", "BFBFBF|0", ""),
    ("?", "? No show", "BFBFBF|0", ""),
    ("@", "@ Arrived", "FF2414|10", "in"),
    ("~", "~ Arrived late", "FF6619|10", "in"),
    ("!", "! Left w/o visit", "0BBA34|0", "out"),
    ("#", "# Ins/fin issue", "FFFF2B|0", ""),
    ("<", "< In exam room", "52D9DE|10", ""),
    (">", "> Checked out", "FEFDCF|0", "out"),
    ("$", "$ Coding done", "C0FF96|0", ""),
    ("%", "% Canceled < 24h", "BFBFBF|0", ""),
    ("^", "^ Pending", "FEFDCF|0", ""),
    ("AVM", "AVM Confirmed", "F0FFE8|0", ""),
    ("SMS", "SMS Confirmed", "F0FFE8|0", ""),
    ("EMAIL", "EMAIL Confimed", "FFEBE3|0", ""),
    ("CALL", "Callback requested", "FFDBE2|5", ""),
)
"""Code, title, colour and minutes until it is late, whether it checks in or out (a stock OpenEMR 8.2, recording 077)."""
_FREE = ["federaltaxid", "federaldrugid", "upin"]
_FREE_TOO = [
    "billname",
    "url",
    "assistant",
    "organization",
    "valedictory",
    "street",
    "streetb",
    "city",
    "state",
    "zip",
    "phone",
    "fax",
    "phonew1",
]
_FACILITY = {
    "website": None,
    "email": None,
    "service_location": "1",
    "billing_location": "1",
    "accepts_assignment": "1",
    "pos_code": None,
    "x12_sender_id": "",
    "attn": "",
    "domain_identifier": "",
    "facility_npi": "",
    "facility_taxonomy": "",
    "tax_id_type": "",
    "color": "#99FFFF",
    "primary_business_entity": "0",
    "facility_code": "",
    "extra_validation": "1",
    "mail_street": "",
    "mail_street2": "",
    "mail_city": "",
    "mail_state": "",
    "mail_zip": "",
    "oid": "",
    "iban": "",
    "info": "",
    "weno_id": None,
    "inactive": "0",
}


def users(desk: Desk) -> Answer:
    """Everybody with a login; their user names are not said."""
    return envelope(200, [_user(user) for user in list(desk.clinic.users.values())], links(desk))


def facilities(desk: Desk) -> Answer:
    """The places."""
    return page(desk, [_facility(place) for place in list(desk.clinic.facilities.values())])


def version(_: Desk) -> Answer:
    """8.2.0-dev."""
    return plain(200, VERSION)


def options(desk: Desk) -> Answer:
    """The options of a list; of the statuses of appointments alone here."""
    if desk.named[0] != "apptstat":
        return nothing()
    created = next(iter(desk.clinic.facilities.values())).created
    seqs = [*range(5, 75, 5), *range(80, 100, 5)]
    return plain(200, [_status(seq, row, created) for seq, row in zip(seqs, _APPOINTMENT_STATUSES, strict=True)])


def _status(seq: int, row: tuple[str, str, str, str], created: Any) -> dict[str, Any]:  # datetime; JSON
    code, title, notes, door = row
    return {
        "list_id": "apptstat",
        "option_id": code,
        "title": title,
        "seq": seq,
        "is_default": 0,
        "option_value": 0,
        "mapping": "",
        "notes": notes,
        "codes": "",
        "toggle_setting_1": int(door == "in"),
        "toggle_setting_2": int(door == "out"),
        "activity": 1,
        "subtype": "",
        "edit_options": 1,
        "timestamp": created.isoformat(" ", "seconds"),
        "last_updated": created.isoformat(" ", "seconds"),
    }


def _user(user: User) -> dict[str, Any]:  # JSON
    return {
        "id": str(user.id),
        "uuid": user.uuid,
        "title": user.title,
        "fname": user.fname,
        "lname": user.lname,
        "mname": None,
        **dict.fromkeys(_FREE),
        "facility_id": str(user.facility),
        "facility": None,
        "npi": user.npi,
        "email": user.email,
        "active": str(int(user.is_active)),
        "specialty": user.specialty,
        **dict.fromkeys(_FREE_TOO),
        "phonecell": None,
        "notes": None,
        "state_license_number": None,
        "abook_title": None,
        "last_updated": user.updated.isoformat(" ", "seconds"),
    }


def _facility(place: Facility) -> dict[str, Any]:  # JSON
    head = {"id": str(place.id), "uuid": place.uuid, "name": place.name, "phone": place.phone, "fax": place.fax}
    address = dict.fromkeys(["street", "city", "state", "postal_code", "country_code", "federal_ein"], "")
    times = {
        "date_created": place.created.isoformat(" ", "seconds"),
        "last_updated": place.updated.isoformat(" ", "seconds"),
        "organization_type": "prov",
    }
    return head | address | _FACILITY | times

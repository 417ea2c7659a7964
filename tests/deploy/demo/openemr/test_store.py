"""The store beside OpenEMR has the same patients, but for three whom nobody can link without a person."""

from collections.abc import Sequence
from datetime import date

import orjson
import responses

from deploy.demo.generator.fhir import Json
from deploy.demo.openemr.practice import entered
from deploy.demo.openemr.store import CHART_NUMBER, add_patients, left_open
from plugin.domain.companion import Why, match
from plugin.domain.record import Identifier, Moment, Patient

STORE = "http://127.0.0.1:9/fhir"


def known(one: Json, ref: str) -> Patient:
    """As Milepost reads a patient."""
    return Patient(
        ref=ref,
        name="",
        family=one["name"][0]["family"],
        birth_date=Moment(one["birthDate"]),
        identifiers=tuple(Identifier(each["system"], each["value"]) for each in one["identifier"]),
    )


@responses.activate
def test_all_but_three_can_be_linked_by_themselves() -> None:
    """One was born on another day there, one is there twice, one not at all; the showcase is none of them."""
    practice = entered(date(2026, 6, 15), 21)
    responses.post(STORE, json={})

    add_patients(practice, STORE, "mine")

    sent = [entry["resource"] for call in responses.calls for entry in orjson.loads(call.request.body or b"")["entry"]]
    store = [known(one, f"Patient/{one['id']}") for one in sent]
    found = {one.pubpid: _matched(one.pubpid, one.lname, str(one.dob), store) for one in practice.patients.values()}
    reasons = [found[one.pubpid] for one in left_open(practice)]
    assert reasons == [Why.BIRTH_DATE_DIFFERS, Why.SEVERAL, Why.NONE_FOUND]
    assert sum(why is None for why in found.values()) == 21 - 3
    assert practice.showcase is not None
    assert found[practice.showcase.pubpid] is None
    assert all("mine" in one.ref for one in store)


def _matched(number: str, family: str, born: str, store: Sequence[Patient]) -> Why | None:
    ours = Patient(
        ref="Patient/ours",
        name="",
        family=family,
        birth_date=Moment(born),
        identifiers=(Identifier(CHART_NUMBER, number),),
    )
    return match(ours, store).why

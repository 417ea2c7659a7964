"""Vital signs, laboratory orders and questionnaires' scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from deploy.openemr.recorded.registry import Registry
from deploy.openemr.recorded.rows import Encounter, Order, Result, Survey, User, Vitals

OBSERVED = [
    "85353-1",
    "9279-1",
    "8867-4",
    "2708-6",
    "59408-5",
    "8310-5",
    "8327-9",
    "8302-2",
    "9843-4",
    "29463-7",
    "39156-5",
    "85354-9",
    "8289-1",
    "59576-9",
    "77606-2",
]
"""What a vitals form becomes in FHIR, measured or not, by LOINC code."""


class Results(Registry):
    """What is measured, ordered and what comes back."""

    def record_vitals(
        self,
        encounter: Encounter,
        measured: Mapping[str, str],
        *,
        at: datetime | None = None,
        ids: Mapping[str, str] | None = None,
        average: str | None = None,
        form: int | None = None,
    ) -> Vitals:
        """A vitals form, by the columns' names: ``bps``, ``weight``, ``pulse``…"""
        number = self.number("vitals")
        own = {code: self.mint() for code in OBSERVED}
        taken = Vitals(
            vid=number,
            form=form if form is not None else self.number("forms"),
            eid=encounter.eid,
            pid=encounter.pid,
            at=at or self.now(),
            measured=dict(measured),
            ids=own | dict(ids or {}),
            average=average or self.mint(),
        )
        self.vitals[number] = taken
        return taken

    def order(
        self,
        encounter: Encounter,
        name: str,
        *,
        code: str,
        provider: User | None = None,
        at: datetime | None = None,
        status: str = "pending",
        uuid: str | None = None,
    ) -> Order:
        """A laboratory order."""
        number = self.number("orders")
        ordered = Order(
            id=number,
            uuid=uuid or self.mint(),
            pid=encounter.pid,
            eid=encounter.eid,
            provider=provider.id if provider else None,
            name=name,
            code=code,
            ordered=at or self.now(),
            status=status,
        )
        self.orders[number] = ordered
        return ordered

    def record_result(
        self,
        order: Order,
        value: str,
        *,
        units: str = "",
        normal: str = "",
        abnormal: str = "",
        at: datetime | None = None,
        uuid: str | None = None,
        name: str | None = None,
    ) -> Order:
        """The laboratory's answer: the order is complete."""
        result = Result(
            uuid=uuid or self.mint(),
            code=order.code,
            name=name or order.name,
            value=value,
            units=units,
            normal=normal,
            abnormal=abnormal,
            at=at or self.now(),
        )
        answered = replace(self.orders[order.id], status="complete", result=result)
        self.orders[order.id] = answered
        return answered

    def record_score(
        self,
        encounter: Encounter,
        *,
        code: str,
        name: str,
        value: str,
        units: str = "{score}",
        at: datetime | None = None,
        user: str = "admin",
        uuid: str | None = None,
    ) -> Survey:
        """A score in the observation form, such as PHQ-9's; ``code`` is LOINC's."""
        score = Survey(
            uuid=uuid or self.mint(),
            pid=encounter.pid,
            eid=encounter.eid,
            code=code,
            name=name,
            value=value,
            units=units,
            at=at or self.now(),
            user=user,
        )
        self.surveys.append(score)
        return score

"""What somebody at a screen waits for: a fresh reading of a patient, and the way of an act to the EHR."""

from datetime import timedelta

from plugin.usecases.deliver import deliver_now
from plugin.usecases.read_patient import read_patient
from tasks.base import MilepostTask, task
from tasks.routes import DELIVER_NOW, READ

WITHIN = timedelta(minutes=1)
"""What is left then is found by the next delivery."""


@task(READ)
def read_one(this: MilepostTask, patient_id: int) -> None:
    """All of this patient, afresh."""
    read_patient(this.services, patient_id)


@task(DELIVER_NOW)
def deliver_one(this: MilepostTask, patient_id: int) -> None:
    """What is due for this patient."""
    deliver_now(this.services, patient_id, within=WITHIN)

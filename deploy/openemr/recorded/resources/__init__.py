"""How OpenEMR 8.2 makes FHIR of its tables, one module per kind of thing."""

from collections.abc import Mapping

from deploy.openemr.recorded.resources.appointment import APPOINTMENTS
from deploy.openemr.recorded.resources.care_plan import CARE_PLANS, GOALS
from deploy.openemr.recorded.resources.chart import (
    CARE_TEAMS,
    CONDITIONS,
    PROCEDURES,
    QUESTIONNAIRE_RESPONSES,
    SERVICE_REQUESTS,
)
from deploy.openemr.recorded.resources.encounter import ENCOUNTERS
from deploy.openemr.recorded.resources.observation import OBSERVATIONS
from deploy.openemr.recorded.resources.patient import PATIENTS
from deploy.openemr.recorded.resources.people import PEOPLE, PRACTITIONERS
from deploy.openemr.recorded.resources.places import LOCATIONS, ORGANIZATIONS
from deploy.openemr.recorded.resources.shape import Searchable
from deploy.openemr.recorded.resources.unused import unused

_ALL = (
    APPOINTMENTS,
    CARE_PLANS,
    CARE_TEAMS,
    CONDITIONS,
    ENCOUNTERS,
    GOALS,
    LOCATIONS,
    OBSERVATIONS,
    ORGANIZATIONS,
    PATIENTS,
    PEOPLE,
    PRACTITIONERS,
    PROCEDURES,
    QUESTIONNAIRE_RESPONSES,
    SERVICE_REQUESTS,
    *unused(),
)
RESOURCES: Mapping[str, Searchable] = {one.name: one for one in _ALL}
"""By name: what can be searched and read."""

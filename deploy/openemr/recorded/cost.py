"""How long a real OpenEMR took, reported and not waited: two cores, PHP 8.2, MariaDB
(tests/fixtures/openemr/CHECKED.md).

CarePlan is quadratic, because ``form_care_plan`` has no index on ``id``: each form reads the whole table. One patient
costs then what two hundred cost.
"""

from __future__ import annotations

from deploy.openemr.recorded.charts import CARE_PLAN
from deploy.openemr.recorded.clinic import Clinic

_CALL_S = 0.045
_PER_MB_S = 0.6
_PER_MILLION_FORMS_SQUARED_S = 0.27
_MB = 1_000_000


def seconds(clinic: Clinic, resource: str, body: int) -> float:
    """0.05 s with a dozen plans, 0.12 with 500, 1.1 with 2,000, 2.5 with 3,000; with the index 0.05 again."""
    spent = _CALL_S + _PER_MB_S * body / _MB
    if resource == "CarePlan" and not clinic.has_index:
        plans = sum(1 for form in list(clinic.forms.values()) if form.formdir == CARE_PLAN)
        spent += _PER_MILLION_FORMS_SQUARED_S * (plans / 1000) ** 2
    return round(spent, 3)

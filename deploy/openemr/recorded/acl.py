"""What the groups of users may, as far as the recorded calls ask for it."""

from __future__ import annotations

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.errors import FORBIDDEN, Failure

_CHART = {"patients/med", "patients/notes", "patients/docs", "patients/trans", "patients/rx", "patients/lab"}
_DESK = {"patients/demo", "patients/appt", "patients/alert"}
_VISITS = {"encounters/auth_a", "encounters/notes", "encounters/coding_a"}
_GROUPS = {
    "Physicians": _CHART | _DESK | _VISITS | {"admin/users"},
    "Clinicians": _CHART | _DESK | _VISITS | {"admin/users"},
    "Front Office": _DESK | {"patients/notes", "patients/trans"},
    "Accounting": _DESK | {"acct/bill", "encounters/coding_a"},
}


def check_acl(clinic: Clinic, username: str, acl: str) -> None:
    """Administrators may all. Raises Failure (403, recordings 444 and 447)."""
    user = clinic.user_named(username)
    if user is None or (user.group != "Administrators" and acl not in _GROUPS.get(user.group, frozenset())):
        raise Failure(403, FORBIDDEN)

"""The system: is all well, what runs by itself, what waits, which versions."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.permissions import Action, Data, can
from plugin.usecases.jobs import every_job, run_now
from plugin.usecases.readiness import readiness
from plugin.usecases.services import Services
from plugin.usecases.status import status
from ui_extension.admin.access import may, signed_in

JOBS = {
    "milepost.sync.sources": ("Read the EHRs", "asks each source what is new"),
    "milepost.tick": ("Look at who is due", "finds what became late, and plans what to do about it"),
    "milepost.deliver": ("Carry out what is planned", "writes to the EHRs and opens work items"),
    "milepost.reconcile.sources": ("Compare with the EHRs", "finds what was deleted there, and what was missed"),
    "milepost.audit.seal": ("Seal the audit log", "chains new rows, so that a change would show"),
    "milepost.codes.refresh": ("Count the codes in the charts", "what the code picker offers"),
}
"""What people call a periodic job, and what it is for."""

KINDS = {
    "message": "Messages to patients",
    "notice": "Notices to providers",
    "report": "Lines of the clinical review",
    "work": "Work for staff",
    "write": "Tasks and gaps in the EHRs",
}
STATES = {"skipped": "passed over, since something later had begun"}
"""What people call an effect, and a state of it where the code's word is not theirs."""

_PARTS = ("milepost", "flask", "celery", "sqlalchemy", "redis")


class Version(NamedTuple):
    """A part of the product and its version."""

    name: str
    version: str


def system_pages(services: Services) -> Blueprint:
    """``/admin/system``."""
    pages = Blueprint("system", __name__, url_prefix="/admin/system", template_folder="templates")

    @pages.get("")
    @may(Action.READ, Data.CONFIGURATION)
    def whole() -> str:
        now = services.clock()
        return render_template(
            "admin/system/system.html",
            ready=readiness(services),
            jobs=every_job(services, now),
            words=JOBS,
            kinds=KINDS,
            state_words=STATES,
            standing=status(services, ask_servers=False),
            versions=_versions(),
            now=now,
            may_edit=can(signed_in().roles, Action.EDIT, Data.CONFIGURATION),
        )

    @pages.post("/run")
    @may(Action.EDIT, Data.CONFIGURATION)
    def run() -> AnyResponse:
        me = signed_in()
        run_now(services, request.form.get("job", ""), by=me.who, told=me.told)
        return redirect(url_for("system.whole", done="job-asked"), 303)

    return pages


def _versions() -> Sequence[Version]:
    return [*(Version(name, version(name)) for name in _PARTS), Version("python", platform.python_version())]

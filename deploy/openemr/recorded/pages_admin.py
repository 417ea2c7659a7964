"""Admin, System, API Clients: who enables an app, and lets it start without a login."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from deploy.openemr.recorded.pages_login import Door

API_CLIENTS = "/interface/smart/admin-client.php"


def admin_pages(door: Door) -> Blueprint:
    """For administrators."""
    pages = Blueprint("admin", __name__)

    def is_administrator(username: str) -> bool:
        user = door.clinic.user_named(username)
        return user is not None and user.group == "Administrators"

    @pages.get(API_CLIENTS)
    def clients() -> str | tuple[str, int]:
        if not is_administrator(door.must().user):
            return render_template("not_you.html"), 403
        return render_template("api_clients.html", clients=door.clinic.clients)

    @pages.post(f"{API_CLIENTS}/<id_>")
    def change(id_: str) -> AnyResponse | tuple[str, int]:
        if not is_administrator(door.form().user):
            return render_template("not_you.html"), 403
        if door.clinic.clients.get(id_) is not None:
            said = request.form
            door.clinic.clients.change(id_, is_enabled="is_enabled" in said, skips_login="skips_login" in said)
        return redirect(API_CLIENTS)

    return pages

"""The home page: what waits for whoever is signed in, by what their roles let them see."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, make_response, render_template

from plugin.usecases.services import Services
from ui_extension.admin.access import signed_in, whoever_is_signed_in
from ui_extension.admin.nav import nav_for, page_url
from ui_extension.admin.waiting import REGISTRY, waits


def home_pages(services: Services, app: Flask) -> Blueprint:
    """``/admin``."""
    pages = Blueprint("home", __name__, template_folder="templates")

    @pages.get("/admin")
    @whoever_is_signed_in
    def home() -> Response:
        who = signed_in()
        urls = {entry.path: page_url(app, entry.path, who.roles) for entry in REGISTRY}
        seen = [entry for entry in REGISTRY if urls[entry.path]]
        lines = [(words, f"{urls[entry.path]}{entry.query}") for entry, words in waits(seen, services, who)]
        return make_response(
            render_template(
                "admin/home.html", lines=lines, groups=nav_for(app, who.roles, ""), has_role=bool(who.roles)
            )
        )

    return pages

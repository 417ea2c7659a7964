"""“What may I do?”: in words, class by class, by which role; and one's own sign-in."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, Response, make_response, render_template

from plugin.usecases.accounts import recovery_codes_left
from plugin.usecases.my_rights import my_rights, who_gives_roles
from plugin.usecases.services import Services
from ui_extension.admin.access import signed_in, whoever_is_signed_in
from ui_extension.admin.right_words import CLASSES, right_words


def me_pages(services: Services) -> Blueprint:
    """``/admin/me``."""
    pages = Blueprint("me", __name__, template_folder="templates")

    @pages.get("/admin/me")
    @whoever_is_signed_in
    def me() -> Response:
        who = signed_in()
        rights = groupby(my_rights(who.roles), key=lambda right: right.data)
        return make_response(
            render_template(
                "admin/me.html",
                classes=[(CLASSES[data], list(group)) for data, group in rights],
                words=right_words,
                givers=who_gives_roles(services),
                recovery_left=recovery_codes_left(services, who),
                ends_at=who.ends_at.astimezone(services.practice.zone),
            )
        )

    return pages

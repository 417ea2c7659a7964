"""What every admin template gets beside its own: who is signed in, the pages they may see, the form token, what was
done."""

from __future__ import annotations

from flask import Flask, request

from plugin.domain.account import SignedIn
from plugin.domain.permissions import role_words
from plugin.usecases.services import Services
from ui_extension.admin.access import FOUND
from ui_extension.admin.done import DONE
from ui_extension.admin.guard import csrf_of_request, is_set_up
from ui_extension.admin.headers import is_admin_path
from ui_extension.admin.nav import nav_for
from ui_extension.admin.version_words import when_in


def admin_words(app: Flask, services: Services) -> None:
    """Before the first page is drawn."""

    app.add_template_filter(role_words, "role_words")
    app.add_template_filter(when_in(services.practice.zone), "moment")

    @app.context_processor
    def words() -> dict[str, object]:
        if not is_admin_path():
            return {}
        found = request.environ.get(FOUND)
        me = found if isinstance(found, SignedIn) and is_set_up() else None
        return {
            "me": me,
            "nav": nav_for(app, me.roles, request.path) if me else [],
            "csrf": csrf_of_request(),
            "practice": services.practice_name,
            "done": DONE.get(request.args.get("done", "")),
        }

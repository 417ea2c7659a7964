"""The web process: ``create_app()`` puts blueprints, their guard, error pages and headers together; no logic."""

from __future__ import annotations

import gc

from flask import Flask

from plugin import bootstrap
from plugin.api.access import guard
from plugin.api.errors import error_pages
from plugin.api.headers import security_headers
from plugin.api.health import health_pages
from plugin.api.keys import key_pages
from plugin.api.mount import mount
from plugin.api.traffic import watch_traffic
from plugin.api.webhooks import hook_pages
from plugin.config import settings
from plugin.domain.errors import PermanentFailure
from plugin.ops.logs import configure_logs
from plugin.usecases.services import Services
from ui_extension.panel.acts import act_pages
from ui_extension.panel.faults import fault_page
from ui_extension.panel.headers import panel_headers
from ui_extension.panel.launch import launch_pages, session_pages
from ui_extension.panel.pages import panel_body, panel_pages
from ui_extension.panel.pulse import pulse_pages
from ui_extension.panel.session import check_panel
from ui_extension.shared.assets import asset_pages
from ui_extension.shared.strictness import strict_templates


def create_app(services: Services | None = None, *, metrics_token: str | None = None) -> Flask:
    """Without services: as the environment says, with its logs; what cannot be used ends the process with its words."""
    if services is None:
        services, metrics_token = _from_settings()
        gc.freeze()  # what was loaded stays: whoever waits for a page does not wait while all of it is looked through
    app = Flask("milepost", static_folder=None, template_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False  # it would answer with a redirect, and nothing here leads on
    mount(app, services.public_url)
    strict_templates(app)
    watch_traffic(app, services)
    guard(app, metrics_token, check_panel(services))
    error_pages(app, fault_page)
    panel_headers(app)
    security_headers(app)
    app.register_blueprint(health_pages(services, metrics_token))
    app.register_blueprint(hook_pages(services))
    app.register_blueprint(key_pages(services))
    app.register_blueprint(asset_pages())
    for pages in (launch_pages, session_pages, pulse_pages, panel_pages):
        app.register_blueprint(pages(services))
    app.register_blueprint(act_pages(services, panel_body(services)))
    return app


def _from_settings() -> tuple[Services, str | None]:
    try:
        found = settings()
        configure_logs(found.log_level, found.log_format)
        return bootstrap.connected(found), found.metrics_token
    except PermanentFailure as error:
        raise SystemExit(f"milepost: {error}") from error

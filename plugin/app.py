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
from plugin.api.proxies import trust_proxies
from plugin.api.traffic import watch_traffic
from plugin.api.webhooks import hook_pages
from plugin.config import settings
from plugin.domain.errors import PermanentFailure
from plugin.ops.logs import configure_logs
from plugin.usecases.services import Services
from ui_extension.admin.audit import audit_pages
from ui_extension.admin.drafts import draft_pages
from ui_extension.admin.faults import admin_fault_page, with_faults
from ui_extension.admin.gaps import gap_pages
from ui_extension.admin.guard import check_admin
from ui_extension.admin.headers import admin_headers
from ui_extension.admin.home import home_pages
from ui_extension.admin.issuers import issuer_pages
from ui_extension.admin.links import link_pages
from ui_extension.admin.me import me_pages
from ui_extension.admin.numbers import take_numbers
from ui_extension.admin.patient import patient_pages
from ui_extension.admin.patients import patient_list_pages
from ui_extension.admin.people import people_pages
from ui_extension.admin.practice import practice_pages
from ui_extension.admin.previews import preview_pages
from ui_extension.admin.program_pages import program_pages
from ui_extension.admin.publishing import publishing_pages
from ui_extension.admin.sign_in import own_sign_in_pages, sign_in_pages
from ui_extension.admin.source_settings import settings_pages
from ui_extension.admin.sources import source_pages
from ui_extension.admin.staff_account import staff_account_pages
from ui_extension.admin.step_pages import step_pages
from ui_extension.admin.system import system_pages
from ui_extension.admin.try_draft import try_pages
from ui_extension.admin.versions import version_pages
from ui_extension.admin.words import admin_words
from ui_extension.admin.work import work_pages
from ui_extension.panel.acts import act_pages
from ui_extension.panel.faults import fault_page
from ui_extension.panel.headers import panel_headers
from ui_extension.panel.launch import launch_pages, session_pages
from ui_extension.panel.pages import panel_body, panel_pages
from ui_extension.panel.pulse import pulse_pages
from ui_extension.panel.session import check_panel
from ui_extension.shared.assets import asset_pages
from ui_extension.shared.strictness import strict_templates


def create_app(services: Services | None = None, *, metrics_token: str | None = None, proxies: int = 0) -> Flask:
    """Without services: as the environment says, with its logs; what cannot be used ends the process with its words."""
    if services is None:
        services, metrics_token, proxies = _from_settings()
        gc.freeze()  # what was loaded stays: whoever waits for a page does not wait while all of it is looked through
    app = Flask("milepost", static_folder=None, template_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False  # it would answer with a redirect, and nothing here leads on
    mount(app, services.public_url)
    trust_proxies(app, proxies)
    strict_templates(app)
    watch_traffic(app, services)
    guard(app, metrics_token, check_panel(services), check_admin(app, services))
    error_pages(app, lambda status: admin_fault_page(status) or fault_page(status))
    panel_headers(app)
    admin_headers(app)
    security_headers(app)
    app.register_blueprint(health_pages(services, metrics_token))
    app.register_blueprint(hook_pages(services))
    app.register_blueprint(key_pages(services))
    app.register_blueprint(asset_pages())
    for pages in (launch_pages, session_pages, pulse_pages, panel_pages):
        app.register_blueprint(pages(services))
    app.register_blueprint(act_pages(services, panel_body(services)))
    _register_admin(app, services)
    return app


def _register_admin(app: Flask, services: Services) -> None:
    """The admin pages: each blueprint gets the pages of its faults, so that its views may simply raise."""
    take_numbers(app)
    admin_words(app, services)
    app.register_blueprint(with_faults(sign_in_pages(services, app), app))
    app.register_blueprint(with_faults(home_pages(services, app), app))
    for pages in (own_sign_in_pages, me_pages, people_pages, audit_pages):
        app.register_blueprint(with_faults(pages(services), app))
    for pages in (practice_pages, preview_pages, publishing_pages, version_pages):
        app.register_blueprint(with_faults(pages(services), app))
    for pages in (source_pages, settings_pages, staff_account_pages):
        app.register_blueprint(with_faults(pages(services), app))
    for pages in (link_pages, issuer_pages, system_pages):
        app.register_blueprint(with_faults(pages(services), app))
    for pages in (work_pages, gap_pages, patient_list_pages):
        app.register_blueprint(with_faults(pages(services), app))
    for pages in (program_pages, draft_pages, step_pages, patient_pages, try_pages):
        app.register_blueprint(with_faults(pages(services), app))


def _from_settings() -> tuple[Services, str | None, int]:
    try:
        found = settings()
        configure_logs(found.log_level, found.log_format)
        return bootstrap.connected(found), found.metrics_token, found.proxies
    except PermanentFailure as error:
        raise SystemExit(f"milepost: {error}") from error

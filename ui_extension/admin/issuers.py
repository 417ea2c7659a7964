"""Issuers: the EHRs' authorization servers from which people open the panel; and what to register there for us."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.errors import MilepostError
from plugin.domain.issuer import ALGORITHMS, ClientAuth, Issuer, host_of, origin_of
from plugin.domain.permissions import Action, Data, Role, can, role_words
from plugin.usecases.issuers import (
    add_issuer,
    addresses_of,
    change_issuer,
    check_issuer,
    every_issuer,
    issuer_named,
)
from plugin.usecases.services import Services
from plugin.usecases.sources import Check, every_ehr
from ui_extension.admin.access import may, signed_in

_FIELDS = (
    "slug",
    "fhir_base",
    "source",
    "client_id",
    "client_auth",
    "client_secret",
    "algorithm",
    "oidc_issuer",
    "ehr_origins",
    "allowed_hosts",
    "scopes",
    "least_role",
    "is_active",
)
_ASKED = ("slug", "source", "fhir_base", "oidc_issuer", "client_auth", "ehr_origins")
"""What a link of ours fills in beforehand."""
_AUTH_WORDS = {
    ClientAuth.KEY: "with our own key (private_key_jwt)",
    ClientAuth.SECRET: "with a secret that the EHR gave us",
    ClientAuth.PUBLIC: "not at all (public client)",
}


def issuer_pages(services: Services) -> Blueprint:
    """``/admin/issuers`` and one page for each."""
    pages = Blueprint("issuers", __name__, url_prefix="/admin/issuers", template_folder="templates")

    @pages.get("")
    @may(Action.READ, Data.CONFIGURATION)
    def listed() -> str:
        return render_template("admin/sources/issuers.html", issuers=every_issuer(services), may_edit=_may_edit())

    @pages.get("/new")
    @may(Action.EDIT, Data.CONFIGURATION)
    def new() -> Response:
        asked = {name: request.args[name] for name in _ASKED if name in request.args}
        return _form(services, {"client_auth": ClientAuth.KEY.value, "is_active": "yes", **asked})

    @pages.post("/new")
    @may(Action.EDIT, Data.CONFIGURATION)
    def add() -> AnyResponse:
        me, given = signed_in(), _given()
        try:
            added = add_issuer(services, _issuer_of(given), by=me.who, told=me.told)
        except MilepostError as error:
            return _form(services, given, wrong=str(error), status=422)
        return redirect(url_for("issuers.one", slug=added.slug, done="issuer-added"), 303)

    @pages.get("/<slug>")
    @may(Action.READ, Data.CONFIGURATION)
    def one(slug: str) -> str:
        return _page(services, issuer_named(services, slug))

    @pages.post("/<slug>/test")
    @may(Action.READ, Data.CONFIGURATION)
    def test(slug: str) -> str:
        found = issuer_named(services, slug)
        return _page(services, found, checks=check_issuer(services, found))

    @pages.get("/<slug>/change")
    @may(Action.EDIT, Data.CONFIGURATION)
    def change(slug: str) -> Response:
        return _form(services, _fields_of(issuer_named(services, slug)), slug=slug)

    @pages.post("/<slug>/change")
    @may(Action.EDIT, Data.CONFIGURATION)
    def keep(slug: str) -> AnyResponse:
        me, given = signed_in(), {**_given(), "slug": slug}
        try:
            change_issuer(services, _issuer_of(given), by=me.who, told=me.told)
        except MilepostError as error:
            return _form(services, given, slug=slug, wrong=str(error), status=422)
        return redirect(url_for("issuers.one", slug=slug, done="issuer-changed"), 303)

    return pages


def _page(services: Services, issuer: Issuer, *, checks: Sequence[Check] = ()) -> str:
    addresses = addresses_of(services, issuer)
    return render_template(
        "admin/sources/issuer.html",
        issuer=issuer,
        checks=checks,
        addresses=addresses,
        auth=_AUTH_WORDS[issuer.client_auth],
        registration=None if addresses is None else _registration(services, issuer),
        jwks=json.dumps(services.jwks(), indent=2),
        may_edit=_may_edit(),
    )


def _registration(services: Services, issuer: Issuer) -> str:
    """A client as RFC 7591 has it, to be copied into the EHR's registration."""
    base, addresses = services.public_url, addresses_of(services, issuer)
    wanted: dict[str, object] = {
        "client_name": "Milepost",
        "redirect_uris": [] if addresses is None else [addresses.redirect],
        "initiate_login_uri": None if addresses is None else addresses.launch,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": _METHODS[issuer.client_auth],
    }
    if issuer.client_auth is ClientAuth.KEY:
        wanted |= {"jwks_uri": f"{base}/.well-known/jwks.json", "token_endpoint_auth_signing_alg": issuer.algorithm}
    if issuer.scopes:
        wanted["scope"] = " ".join(issuer.scopes)
    return json.dumps(wanted, indent=2)


_METHODS = {ClientAuth.PUBLIC: "none", ClientAuth.SECRET: "client_secret_basic", ClientAuth.KEY: "private_key_jwt"}


def _form(
    services: Services,
    given: Mapping[str, str],
    *,
    slug: str | None = None,
    wrong: str | None = None,
    status: int = 200,
) -> Response:
    """The secret is not given back: left empty, the stored one stays."""
    shown = {name: value for name, value in given.items() if name != "client_secret"}
    page = render_template(
        "admin/sources/issuer_form.html",
        given=shown,
        slug=slug,
        wrong=wrong,
        sources=_pairs(health.source.slug for health in every_ehr(services)),
        auths=[(auth.value, words) for auth, words in _AUTH_WORDS.items()],
        algorithms=_pairs(ALGORITHMS),
        roles=[("", "nothing: they are refused"), *((role.value, role_words(role)) for role in Role)],
    )
    return make_response(page, status)


def _pairs(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]


def _given() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in _FIELDS}


def _issuer_of(given: Mapping[str, str]) -> Issuer:
    signed_by = given["oidc_issuer"] or origin_of(given["fhir_base"])
    hosts = (host_of(given["fhir_base"]), host_of(signed_by), *given["allowed_hosts"].split())
    return Issuer(
        id=0,
        slug=given["slug"],
        fhir_base=given["fhir_base"],
        source=given["source"],
        client_id=given["client_id"],
        client_auth=next((auth for auth in ClientAuth if auth == given["client_auth"]), ClientAuth.PUBLIC),
        client_secret=given["client_secret"] or None,
        algorithm=given["algorithm"] or ALGORITHMS[0],
        oidc_issuer=signed_by,
        ehr_origins=tuple(given["ehr_origins"].split()),
        allowed_hosts=tuple(dict.fromkeys(hosts)),
        scopes=tuple(given["scopes"].split()),
        least_role=given["least_role"] or None,
        is_active=given["is_active"] == "yes",
    )


def _fields_of(issuer: Issuer) -> dict[str, str]:
    return {
        "slug": issuer.slug,
        "fhir_base": issuer.fhir_base,
        "source": issuer.source,
        "client_id": issuer.client_id,
        "client_auth": issuer.client_auth.value,
        "algorithm": issuer.algorithm,
        "oidc_issuer": issuer.oidc_issuer,
        "ehr_origins": " ".join(issuer.ehr_origins),
        "allowed_hosts": " ".join(issuer.allowed_hosts),
        "scopes": " ".join(issuer.scopes),
        "least_role": issuer.least_role or "",
        "is_active": "yes" if issuer.is_active else "",
    }


def _may_edit() -> bool:
    return can(signed_in().roles, Action.EDIT, Data.CONFIGURATION)

"""`milepost issuer`: add, list and test the EHRs from which the panel may be opened."""

from __future__ import annotations

import sys

import click

from plugin.cli.keys import tell_of_waiting_keys
from plugin.cli.terminal import TERMINAL, format_option, print_json, print_rows, secret_in, services, who_is_here
from plugin.domain.errors import BadInput
from plugin.domain.issuer import ALGORITHMS, ClientAuth, Issuer, host_of, origin_of
from plugin.domain.permissions import role_words
from plugin.usecases.issuers import add_issuer, addresses_of, check_issuer, every_issuer, issuer_named
from plugin.usecases.services import Services
from plugin.usecases.sources import source_named


@click.group()
def issuer() -> None:
    """The EHRs whose charts may open the panel."""


@issuer.command()
@click.argument("slug")
@click.argument("fhir_base")
@click.option("--source", "source_slug", metavar="SLUG", help="Its one source; not needed when there is one only.")
@click.option("--client-id", required=True, metavar="ID", help="As which we are registered at the EHR.")
@click.option(
    "--auth",
    type=click.Choice([auth.value for auth in ClientAuth]),
    default=ClientAuth.PUBLIC.value,
    show_default=True,
    help="How we prove who we are.",
)
@click.option(
    "--secret-file", metavar="FILE", help="Holds the client secret (- is standard input); else it is asked for."
)
@click.option("--algorithm", default=ALGORITHMS[0], show_default=True, help="Signs our assertions: RS384 or ES384.")
@click.option("--oidc-issuer", metavar="URL", help="The `iss` of its id_tokens; without it the FHIR base's origin.")
@click.option("--origin", "origins", multiple=True, metavar="ORIGIN", help="A page that may frame the panel.")
@click.option("--host", "hosts", multiple=True, metavar="HOST[:PORT]", help="Where else its endpoints may lie.")
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="Asked for, instead of what we ask for.")
@click.option("--least-role", metavar="ROLE", help="For people without a role; without it they are refused.")
def add(  # one argument for each option
    *,
    slug: str,
    fhir_base: str,
    source_slug: str | None,
    client_id: str,
    auth: str,
    secret_file: str | None,
    algorithm: str,
    oidc_issuer: str | None,
    origins: tuple[str, ...],
    hosts: tuple[str, ...],
    scopes: tuple[str, ...],
    least_role: str | None,
) -> None:
    """Registers an EHR's authorization server by its FHIR base, which its launches name as `iss`."""
    built = services()
    signed_by = oidc_issuer or origin_of(fhir_base)
    wanted = Issuer(
        id=0,
        slug=slug,
        fhir_base=fhir_base,
        source=source_named(built, source_slug).slug,
        client_id=client_id,
        client_auth=ClientAuth(auth),
        client_secret=_secret(ClientAuth(auth), secret_file),
        algorithm=algorithm,
        oidc_issuer=signed_by,
        ehr_origins=origins,
        allowed_hosts=tuple(dict.fromkeys((host_of(fhir_base), host_of(signed_by), *hosts))),
        scopes=scopes,
        least_role=least_role,
    )
    added = add_issuer(built, wanted, by=who_is_here(), told=TERMINAL)
    click.echo(f"Issuer {added.slug}: added, for source {added.source}.")
    _tell_addresses(built, added)
    click.echo(f"Next: `milepost issuer test {added.slug}`.")


@issuer.command("list")
@format_option
def list_(format_: str) -> None:
    """Every issuer, its source and its addresses."""
    issuers = every_issuer(services())
    if format_ == "json":
        print_json([_as_json(each) for each in issuers])
        return
    if not issuers:
        click.echo("No issuer yet; `milepost issuer add SLUG FHIR_BASE --client-id ID` adds one.")
        return
    rows = [("issuer", "source", "state", "client", "least role", "FHIR base", "framed by")]
    rows += [
        (
            each.slug,
            each.source,
            "active" if each.is_active else "off",
            each.client_auth.value,
            role_words(each.least_role) if each.least_role else "-",
            each.fhir_base,
            ", ".join(each.ehr_origins) or "-",
        )
        for each in issuers
    ]
    print_rows(rows, indent="")


@issuer.command()
@click.argument("slug")
@format_option
def test(slug: str, format_: str) -> int:
    """Asks an issuer what it offers; says what is missing, and what that means for people. Nothing is stored."""
    built = services()
    wanted = issuer_named(built, slug)
    checks = check_issuer(built, wanted)
    if format_ == "json":
        print_json([check._asdict() for check in checks])
    else:
        print_rows([("ok" if check.is_good else "FAILED", check.what, check.words) for check in checks], indent="")
        if wanted.client_auth is ClientAuth.KEY:
            tell_of_waiting_keys()
    return 0 if all(check.is_good for check in checks) else 1


def _secret(auth: ClientAuth, file: str | None) -> str | None:
    if file is not None:
        return secret_in(file, "client secret")
    if auth is not ClientAuth.SECRET:
        return None
    if not sys.stdin.isatty():
        raise BadInput("The client secret is missing: give --secret-file FILE (- is standard input).")
    return str(click.prompt("Client secret", hide_input=True))


def _tell_addresses(built: Services, added: Issuer) -> None:
    addresses = addresses_of(built, added)
    if addresses is None:
        click.echo("The EHR must know our address: set MILEPOST_PUBLIC_URL first.")
    else:
        click.echo(f"Register at the EHR: launch {addresses.launch}, redirect {addresses.redirect}")
    if not added.ehr_origins:
        click.echo("No --origin was given: no page of the EHR may show the panel inside a chart.")


def _as_json(of: Issuer) -> dict[str, object]:
    """Without its secret."""
    return {
        "issuer": of.slug,
        "fhir_base": of.fhir_base,
        "source": of.source,
        "client_id": of.client_id,
        "client_auth": of.client_auth,
        "algorithm": of.algorithm,
        "oidc_issuer": of.oidc_issuer,
        "ehr_origins": of.ehr_origins,
        "allowed_hosts": of.allowed_hosts,
        "scopes": of.scopes,
        "least_role": of.least_role,
        "active": of.is_active,
    }

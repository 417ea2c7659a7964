"""`milepost user`: give people their roles, let somebody out and in again, list them."""

from __future__ import annotations

import click

from plugin.cli.terminal import format_option, instant, print_json, print_rows, services, who_is_here
from plugin.domain.permissions import Role, role_words
from plugin.domain.person import Person
from plugin.usecases import people
from plugin.usecases.people import Known

_BY = click.option("--by", metavar="NAME", help="Who says so; without it, who is logged in here.")


@click.group()
def user() -> None:
    """The people who open the panel."""


@user.command(epilog=f"Roles: {', '.join(Role)}.")
@click.argument("issuer")
@click.argument("subject")
@click.argument("roles", nargs=-1, metavar="ROLE...")
@click.option("--none", "takes_all", is_flag=True, help="Takes away every role.")
@_BY
@format_option
def grant(*, issuer: str, subject: str, roles: tuple[str, ...], takes_all: bool, by: str | None, format_: str) -> None:
    """Gives exactly these roles to who signs in at ISSUER as SUBJECT (the `sub` of the id_token), also beforehand.
    It counts from their next launch on."""
    if bool(roles) == takes_all:
        raise click.UsageError("Which roles? Name one or more, or take all away with --none.")
    person = people.grant(services(), issuer, subject, roles, by=by or who_is_here())
    if format_ == "json":
        print_json({"id": person.id, "issuer": issuer, "subject": subject, "roles": person.roles})
    else:
        click.echo(f"{issuer}, {subject}: {_roles(person)}.")


@user.command("list")
@format_option
def list_(format_: str) -> None:
    """Everybody, with their roles, and when they last opened a panel."""
    known = people.everybody(services())
    if format_ == "json":
        print_json([_as_json(each) for each in known])
        return
    if not known:
        click.echo("Nobody yet; `milepost user grant ISSUER SUBJECT ROLE` makes the first.")
        return
    rows = [("name", "issuer", "subject", "roles", "last launch")]
    rows += [
        (
            each.person.name or "-",
            ", ".join(each.issuers) or each.person.oidc_issuer,
            each.person.subject,
            _roles(each.person),
            instant(each.last_launch),
        )
        for each in known
    ]
    print_rows(rows, indent="")


@user.command()
@click.argument("issuer")
@click.argument("subject")
@_BY
def disable(issuer: str, subject: str, by: str | None) -> None:
    """Lets somebody out from their next launch on, whatever roles they have."""
    people.let_in(services(), issuer, subject, is_disabled=True, by=by or who_is_here())
    click.echo(f"{issuer}, {subject}: may not come in any more.")


@user.command()
@click.argument("issuer")
@click.argument("subject")
@_BY
def enable(issuer: str, subject: str, by: str | None) -> None:
    """Lets somebody in again, with the roles that they had."""
    person = people.let_in(services(), issuer, subject, is_disabled=False, by=by or who_is_here())
    click.echo(f"{issuer}, {subject}: may come in again ({_roles(person)}).")


def _roles(person: Person) -> str:
    words = ", ".join(role_words(role) for role in person.roles) or "no role of their own"
    return f"{words} (may not come in)" if person.is_disabled else words


def _as_json(known: Known) -> dict[str, object]:
    of = known.person
    return {
        "id": of.id,
        "name": of.name,
        "issuers": known.issuers,
        "oidc_issuer": of.oidc_issuer,
        "subject": of.subject,
        "fhir_user": of.fhir_user,
        "roles": of.roles,
        "disabled": of.is_disabled,
        "last_launch": known.last_launch,
    }

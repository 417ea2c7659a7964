"""`milepost user`: make local accounts, give people their roles, let somebody out and in again, list them."""

from __future__ import annotations

import click

from plugin.cli.terminal import (
    TERMINAL,
    format_option,
    instant,
    print_json,
    print_rows,
    secret_in,
    services,
    who_is_here,
)
from plugin.domain.permissions import Role, role_words
from plugin.domain.person import Person
from plugin.usecases import accounts, people
from plugin.usecases.accounts import By, Invited
from plugin.usecases.people import LOCAL_ACCOUNTS, Known

_BY = click.option("--by", metavar="NAME", help="Who says so; without it, who is logged in here.")


_PASSWORD = click.option(
    "--password-file",
    metavar="FILE",
    help="The password for the first time, in a file (- is standard input); without it one is made and printed.",
)


@click.group()
def user() -> None:
    """The people who open the panel, and who sign in to the admin pages."""


@user.command(epilog=f"Roles: {', '.join(Role)}.")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, metavar="ROLE", help="May be given several times.")
@click.option("--person-name", metavar="NAME", help="What colleagues call them; without it, the account's name.")
@_PASSWORD
@_BY
@format_option
def add(  # an option each
    *,
    name: str,
    roles: tuple[str, ...],
    person_name: str | None,
    password_file: str | None,
    by: str | None,
    format_: str,
) -> None:
    """Makes an account with the name NAME for the admin pages. Its password is for the first sign-in: there its owner
    chooses their own, and sets up a second factor."""
    password = None if password_file is None else secret_in(password_file, "password")
    invited = accounts.invite(
        services(), name, person_name or name, roles, by=By(who=by or who_is_here(), told=TERMINAL), password=password
    )
    _print_invited(invited, format_, is_told=password is None)


@user.command()
@click.argument("name")
@_PASSWORD
@_BY
@format_option
def reset(*, name: str, password_file: str | None, by: str | None, format_: str) -> None:
    """Has the account NAME start over: a new password for the first sign-in, a second factor to be set up anew, no
    session and no pause any more."""
    password = None if password_file is None else secret_in(password_file, "password")
    found, who = services(), By(who=by or who_is_here(), told=TERMINAL)
    invited = accounts.start_over(found, accounts.account_named(found, name).person_id, by=who, password=password)
    _print_invited(invited, format_, is_told=password is None)


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
    person = people.grant(services(), issuer, subject, roles, by=by or who_is_here(), told=TERMINAL)
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
        click.echo("Nobody yet; `milepost user add NAME --role administrator` makes the first account,")
        click.echo("`milepost user grant ISSUER SUBJECT ROLE` gives a role to somebody who comes from an EHR.")
        return
    rows = [("name", "issuer", "subject", "roles", "last launch")]
    rows += [
        (
            each.person.name or "-",
            LOCAL_ACCOUNTS if each.account else ", ".join(each.issuers) or each.person.oidc_issuer,
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
    """Lets somebody out, whatever roles they have: at once in the admin pages and in panels that are open. ISSUER is
    `local` for an account that was made here."""
    people.let_in(services(), issuer, subject, is_disabled=True, by=by or who_is_here(), told=TERMINAL)
    click.echo(f"{issuer}, {subject}: may not come in any more.")


@user.command()
@click.argument("issuer")
@click.argument("subject")
@_BY
def enable(issuer: str, subject: str, by: str | None) -> None:
    """Lets somebody in again, with the roles that they had."""
    person = people.let_in(services(), issuer, subject, is_disabled=False, by=by or who_is_here(), told=TERMINAL)
    click.echo(f"{issuer}, {subject}: may come in again ({_roles(person)}).")


def _print_invited(invited: Invited, format_: str, *, is_told: bool) -> None:
    """A password that was given is not said again."""
    told = {"password": invited.password} if is_told else {}
    if format_ == "json":
        print_json({"id": invited.person.id, "account": invited.account, "roles": invited.person.roles, **told})
        return
    click.echo(f"{invited.account}: {_roles(invited.person)}.")
    if is_told:
        click.echo(f"Password for the first sign-in, at /admin: {invited.password}")


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
        "account": known.account.name if known.account else None,
        "set_up": known.account.is_set_up if known.account else None,
        "belongs_to": of.belongs_to,
    }

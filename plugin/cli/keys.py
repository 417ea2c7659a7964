"""`milepost keys`: make, list and rotate the keys by which EHRs know us."""

from __future__ import annotations

import click

from plugin import bootstrap, config
from plugin.cli.terminal import format_option, instant, print_json, print_rows

_STATES = {"signs": "signs", "waits": "signs ten minutes after it was made", "replaced": "published for another day"}


@click.group()
def keys() -> None:
    """Our own signing keys, for EHRs that want private_key_jwt or SMART Backend Services."""


@keys.command()
def make() -> None:
    """Makes the keys that are missing, in a file that only its owner reads. What is there is kept."""
    settings = config.settings()
    made = ", ".join(key.algorithm for key in bootstrap.signing_keys(settings).make())
    click.echo(f"Signing keys {settings.jwk_file}: {f'made {made}' if made else 'kept'}.")
    _tell_address(settings)


@keys.command("list")
@format_option
def list_(format_: str) -> None:
    """The keys that are published, and which of them sign."""
    settings = config.settings()
    listed = bootstrap.signing_keys(settings).listed()
    if format_ == "json":
        print_json(
            [
                {"kid": key.kid, "algorithm": key.algorithm, "made_at": key.made_at, "state": state}
                for key, state in listed
            ]
        )
        return
    rows = [(key.kid, key.algorithm, instant(key.made_at), _STATES[state]) for key, state in listed]
    print_rows([("key", "algorithm", "made", "state"), *rows], indent="")
    _tell_address(settings)


@keys.command()
def rotate() -> None:
    """Makes new keys. They are published at once and sign ten minutes later; the old ones stay published for a day."""
    settings = config.settings()
    made = ", ".join(key.algorithm for key in bootstrap.signing_keys(settings).rotate())
    click.echo(f"Signing keys {settings.jwk_file}: made {made}; they sign in ten minutes.")


@keys.command()
def jwks() -> None:
    """Prints the public halves (a JWK Set), for an EHR that is given them instead of fetching them."""
    print_json(bootstrap.signing_keys(config.settings()).jwks())


def tell_of_waiting_keys() -> None:
    """After a rotation the old keys sign for a while: a test that goes well says nothing of the new ones."""
    settings = config.settings()
    listed = bootstrap.signing_keys(settings).listed() if settings.jwk_file.exists() else ()
    waiting = [key for key, state in listed if state == "waits"]
    if waiting:
        click.echo(
            f"This was tried with our old keys: the new ones sign from {instant(waiting[0].signs_from)} on. A server that "
            "fetches them from us finds them by itself; one that was given them by hand (OpenEMR) must be given the new "
            "ones before then: `milepost source registration SLUG`."
        )


def _tell_address(settings: config.Settings) -> None:
    if settings.public_url is None:
        click.echo("An EHR fetches their public halves from us: set MILEPOST_PUBLIC_URL first.")
    else:
        click.echo(f"Register at the EHR: {settings.public_url}/.well-known/jwks.json")

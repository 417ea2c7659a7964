"""`milepost source registration`: what is registered at an OpenEMR, and who does what there."""

from __future__ import annotations

from dataclasses import asdict

import click

from plugin.cli.sources import source
from plugin.cli.terminal import format_option, print_json, services
from plugin.usecases.registration import Registration, Step, registrations
from plugin.usecases.sources import source_named


@source.command()
@click.argument("slug")
@click.argument("url", required=False)
@format_option
def registration(slug: str, url: str | None, format_: str) -> None:
    """Shows what is registered at an OpenEMR so that Milepost is let in. URL is its FHIR base, where there is no source of
    this name yet."""
    built = services()
    found = registrations(built, slug, url or source_named(built, slug).base_url)
    if format_ == "json":
        print_json(asdict(found))
        return
    for number, step in enumerate(found.steps, start=1):
        _print_step(number, step)
    click.echo(f"The three clients, for POST {found.endpoint}\n")
    for client in found.clients:
        _print_client(client)


def _print_step(number: int, step: Step) -> None:
    click.echo(f"{number}. {step.title} ({step.who})")
    for sentence in step.words:
        click.echo(f"   {sentence}")
    for line in step.text.splitlines():
        click.echo(f"     {line}")
    click.echo()


def _print_client(client: Registration) -> None:
    click.echo(f"{client.title}. {client.why}\n{client.command}\nmilepost-{client.name}.json:\n{client.body}\n")

"""`milepost explain` and `milepost enrol`: one patient."""

from __future__ import annotations

import click

from plugin.cli.evaluation import print_document
from plugin.cli.terminal import TERMINAL, format_option, print_json, services, source_option, who_is_here
from plugin.domain.answer import answer
from plugin.domain.record import Statement
from plugin.usecases import explain as explaining
from plugin.usecases import speak
from plugin.usecases.sources import source_named


@click.command()
@click.argument("patient")
@source_option
@format_option
def explain(patient: str, slug: str | None, format_: str) -> None:
    """Says why each milestone of a patient (an id, or Patient/id) is as it is, now."""
    built = services()
    source = None if slug is None else source_named(built, slug)
    found = explaining.explain(built, patient, source)
    zone = built.practice.zone
    document = answer([found.assessment], found.at.astimezone(zone), zone)
    if format_ == "json":
        print_json({"source": found.source.slug, **document, "statements": [_said(s) for s in found.statements]})
        return
    click.echo(f"Source {found.source.slug}")
    print_document(document)
    for statement in found.statements:
        about = statement.target or statement.milestone or statement.plan or ""
        click.echo(f"  said: {statement.said.value} {about}, by {statement.by} at {statement.at.isoformat()}")


@click.command()
@click.argument("patient")
@click.argument("program")
@source_option
@click.option("--by", metavar="NAME", help="Who says so; without it, who is logged in here.")
@format_option
def enrol(patient: str, program: str, slug: str | None, *, by: str | None, format_: str) -> None:
    """Enrols a patient (an id, or Patient/id) in a program, as a statement with who and when."""
    built = services()
    ref = patient if "/" in patient else f"Patient/{patient}"
    who = by or who_is_here()
    is_new = speak.enrol(built, source_named(built, slug), ref, program=program, by=who, told=TERMINAL)
    if format_ == "json":
        print_json({"patient": ref, "program": program, "enrolled": is_new})
    else:
        click.echo(f"{ref}: {'enrolled in' if is_new else 'was in'} {program}{'' if is_new else ' already'}.")


def _said(statement: Statement) -> dict[str, object]:
    return {
        "said": statement.said.value,
        "by": statement.by,
        "at": statement.at,
        "plan": statement.plan,
        "milestone": statement.milestone,
        "target": statement.target,
        "until": statement.until.isoformat() if statement.until else None,
        "reason": statement.reason,
    }

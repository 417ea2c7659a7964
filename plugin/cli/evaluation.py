"""`milepost evaluate`: what is true of a Bundle at given moments."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from plugin import bootstrap, config
from plugin.cli.terminal import print_json
from plugin.domain.errors import BadBundle, BadInput, BadProgram
from plugin.domain.program import Program
from plugin.usecases import evaluate as use_case

_FIRST_YEAR, _LAST_YEAR = 1900, 2200  # beyond, calendars and charts mean nothing, and dates cannot be counted on


@click.command()
@click.argument("bundle", metavar="BUNDLE.json")
@click.option("--at", "moments", multiple=True, metavar="INSTANT", help="When, with an offset; may be given again.")
@click.option("--zone", metavar="ZONE", help="The practice's zone; without it that of the settings, else UTC.")
@click.option("--program", "files", multiple=True, metavar="FILE", help="A program to be in force; may be given again.")
@click.option("--format", "format_", type=click.Choice(["json", "text"]), default="json", show_default=True)
def evaluate(bundle: str, moments: Sequence[str], zone: str | None, files: Sequence[str], format_: str) -> None:
    """Says what is true of a FHIR Bundle (- is standard input) at given moments: one document for each, one a line."""
    at = _instants(moments)
    practice_zone = _zone(zone)
    evaluator = bootstrap.evaluator()
    programs = [_program(evaluator, file) for file in files]
    answer = use_case.evaluate(evaluator, _read_bundle(bundle), at=at, zone=practice_zone, programs=programs)
    for warning in answer.warnings:
        click.echo(warning, err=True)
    for document in answer.documents:
        print_json(document) if format_ == "json" else print_document(document)


def _instants(texts: Sequence[str]) -> list[datetime]:
    if not texts:
        raise BadInput(
            "--at is missing: at which moment? Expected an instant with an offset, 2026-06-16T00:00:00-05:00."
        )
    return [_instant(text) for text in texts]


def _instant(text: str) -> datetime:
    expected = "expected an instant with an offset, such as 2026-06-16T00:00:00-05:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"--at {text!r} is no instant; {expected}.") from error
    if moment.tzinfo is None:
        raise BadInput(f"--at {text!r} has no offset; {expected}.")
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise BadInput(f"--at {text!r} is out of range; expected a year from {_FIRST_YEAR} to {_LAST_YEAR}.")
    return moment


def _zone(name: str | None) -> ZoneInfo:
    return config.practice_zone() if name is None else config.zone_named(name)


def _read_bundle(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise BadBundle(
            f"{name} cannot be read ({error.strerror}); a file with a FHIR R4 Bundle was expected."
        ) from error


def _program(evaluator: use_case.Evaluator, name: str) -> Program:
    try:
        text = Path(name).read_bytes()
    except OSError as error:
        raise BadProgram(f"{name} cannot be read ({error.strerror}); a file with a program was expected.") from error
    return evaluator.read_program(text, name)


# ------------------------------------------------------------------------------------------------------- for people
Json = Mapping[str, Any]  # Any: the document is JSON, made by domain/answer.py


def print_document(document: Json) -> None:
    """The same, to be read by people."""
    click.echo(f"At {document['at']} ({document['zone']})")
    for plan in document["plans"]:
        print_plan(plan)
    if not document["plans"]:
        click.echo("  no plan")
    for effect in document["wanted"]:
        click.echo(
            f"  wanted: {effect['kind']} {effect['what']}" + (f", not before {effect['at']}" if effect["at"] else "")
        )
    click.echo(f"  the answer changes next at {document['next_change_at'] or 'no moment: only by news'}")


def print_plan(plan: Json) -> None:
    """One plan, its milestones, and why each is as it is."""
    flags = f", flags: {', '.join(plan['flags'])}" if plan["flags"] else ""
    click.echo(f"  {plan['plan']} of {plan['patient']}: {plan['status']}, stage {plan['stage']}{flags}")
    for milestone in plan["milestones"]:
        _print_milestone(milestone)


def _print_milestone(milestone: Json) -> None:
    turn = f" (turn {milestone['iteration']})" if milestone["iteration"] > 1 else ""
    reason = f", {milestone['reason']}" if milestone["reason"] else ""
    days = milestone["days_past_due"]
    late = f", {days} {'day' if days == 1 else 'days'} past due, tier {milestone['tier']}" if milestone["tier"] else ""
    booked = f", booked for {milestone['booked_for']}" if milestone["booked_for"] else ""
    owner = milestone["owner"].get("reference") or milestone["owner"].get("role")
    click.echo(f"    {milestone['title']}{turn}: {milestone['status']}{reason}{late}{booked}")
    click.echo(f"      {_dates(milestone)}; owner {owner} (by {milestone['owner']['from']})")
    for words in milestone["why"]:
        click.echo(f"      - {words}")


def _dates(milestone: Json) -> str:
    due = f"due {milestone['due']} by {milestone['due_from']}" if milestone["due"] else "no due date"
    return f"opens {milestone['opens']}, {due}" if milestone["opens"] else due

"""`milepost audit`: verify that nobody has changed the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from plugin import bootstrap, config
from plugin.cli.progress import Bars
from plugin.cli.terminal import format_option, print_json, services
from plugin.usecases.verify_audit import Fault, Verified, verify_audit

TAMPERED = 3
"""The exit code that says so."""


@click.group()
def audit() -> None:
    """The audit log: who did what, to which record, when, from where and why."""


@audit.command()
@click.option(
    "--heads",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another copy of the heads outside.",
)
@format_option
def verify(file: Path | None, format_: str) -> int:
    """Reads the whole log, and names the first row that was changed, removed or inserted. Exit code 3 when there is one."""
    built = services(writes=False)
    heads = None if file is None else bootstrap.heads(config.settings(), file.absolute())
    with Bars() as bars:
        found = verify_audit(built, heads, lambda done: bars.show("audit rows", done, None))
    if format_ == "json":
        print_json(verified_as_json(found))
    else:
        print_verified(found)
    return 0 if found.is_good else TAMPERED


def print_verified(found: Verified) -> None:
    """What was found, in lines."""
    click.echo(f"{found.sealed:,} rows in the chain, {found.heads:,} heads of it outside the database.")
    if found.unsealed:
        click.echo(f"{found.unsealed:,} rows have no place in the chain yet; of them only their own hash was checked.")
    for note in found.notes:
        click.echo(f"Note: {note}")
    if found.is_good:
        click.echo("Nothing was changed, removed or inserted.")
        return
    click.echo(f"NOT as it was written, {found.fault_count:,} times. First:")
    for fault in found.faults:
        click.echo(f"  {_where(fault)}{fault.kind}: {fault.words}")
    if found.fault_count > len(found.faults):
        click.echo(f"  and {found.fault_count - len(found.faults):,} others")


def verified_as_json(found: Verified) -> Mapping[str, object]:
    """The same for scripts."""
    return {
        "good": found.is_good,
        "sealed": found.sealed,
        "unsealed": found.unsealed,
        "head": {"number": found.head.number, "chain": found.head.chain},
        "heads": found.heads,
        "faults": [fault._asdict() for fault in found.faults],
        "fault_count": found.fault_count,
        "notes": found.notes,
    }


def _where(fault: Fault) -> str:
    row = "" if fault.audit_id is None else f"row {fault.audit_id}, "
    return row if fault.number is None else f"{row}number {fault.number} in the chain, "

"""The command's top: every verb, and what becomes of an error: one or two lines, never a traceback.

Exit codes: 0 done, 1 it could not be done, 2 what was typed, set or given is wrong, 3 the audit log is not what was
written, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from plugin.cli.audit import audit
from plugin.cli.backup import backup, restore
from plugin.cli.evaluation import evaluate
from plugin.cli.issuers import issuer
from plugin.cli.keys import keys
from plugin.cli.patients import enrol, explain
from plugin.cli.people import user
from plugin.cli.reading import deliver, reconcile, sweep, sync, tick
from plugin.cli.registration import registration  # noqa: F401 - a verb of `source`
from plugin.cli.running import run
from plugin.cli.setting_up import init, upgrade
from plugin.cli.source_settings import set_  # noqa: F401 - a verb of `source`
from plugin.cli.sources import source
from plugin.cli.standing import status
from plugin.domain.errors import BadInput, MilepostError

_FAILED, _WRONG, _INTERRUPTED = 1, 2, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="milepost", message="%(version)s")
def milepost() -> None:
    """Milepost watches the milestones of care plans in a FHIR server, and notices what slips."""


for verb in (
    init,
    upgrade,
    source,
    issuer,
    user,
    keys,
    audit,
    backup,
    restore,
    sync,
    tick,
    deliver,
    sweep,
    reconcile,
    status,
    explain,
    enrol,
    evaluate,
    run,
):
    milepost.add_command(verb)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point of the installed command."""
    sys.exit(outcome(arguments))


def outcome(arguments: Sequence[str] | None = None) -> int:
    """Runs a verb; the exit code."""
    try:
        answer = milepost.main(args=arguments, prog_name="milepost", standalone_mode=False)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.UsageError as error:
        return _complain(error.format_message() + _hint(error), _WRONG)
    except click.ClickException as error:
        return _complain(error.format_message(), _WRONG)
    except (click.Abort, KeyboardInterrupt):
        return _complain("Interrupted.", _INTERRUPTED)
    except BadInput as error:
        return _complain(str(error), _WRONG)
    except MilepostError as error:
        return _complain(str(error), _FAILED)
    except BrokenPipeError:
        return _FAILED  # whoever read our output has had enough
    except Exception as error:  # noqa: BLE001 the command's top: a traceback may hold a chart
        return _complain(f"Milepost failed: {type(error).__name__} at {_place(error)}. Please report it.", _FAILED)
    return answer if isinstance(answer, int) else 0


def _complain(words: str, code: int) -> int:
    click.echo(f"milepost: {words}", err=True)
    return code


def _hint(error: click.UsageError) -> str:
    return "" if error.ctx is None else f" (`{error.ctx.command_path} --help` says more)"


def _place(error: BaseException) -> str:
    """File and line of the innermost frame: enough to find a fault by, and nothing of what it was about."""
    trace = error.__traceback__
    if trace is None:
        return "an unknown place"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"

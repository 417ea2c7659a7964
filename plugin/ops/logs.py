"""Logs: constant events with ids as fields, one JSON object a line, or coloured lines for people.

What other libraries log comes out in the same form. Nothing with a token, a code of a launch, a query or a body may
get into a line, whoever writes it: loggers that tell addresses are kept at errors, fields that are named like a secret
are dropped, and what looks like a query or a bearer token is cut out of the rest, as are a FHIR server's own words.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from plugin.domain.errors import SAYS

SECRET_FIELDS = frozenset(
    {
        "access_token",
        "assertion",
        "authorization",
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "cookie",
        "hook_path",
        "hook_secret",
        "id_token",
        "launch",
        "password",
        "refresh_token",
        "secret",
        "set_cookie",
        "state",
        "token",
    }
)

_LEVELS: Mapping[str, int] = {
    "urllib3": logging.ERROR,  # its warnings name the address with its query
    "requests": logging.ERROR,
    "kombu": logging.WARNING,
    "amqp": logging.WARNING,
    "redis": logging.WARNING,
    "celery": logging.WARNING,  # its own lines name arguments and results
    "celery.beat": logging.WARNING,
    "redbeat": logging.WARNING,
    "werkzeug": logging.ERROR,  # an access log with queries
    "gunicorn.access": logging.ERROR,
    "sqlalchemy": logging.WARNING,
    "alembic": logging.WARNING,
}

_CUTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(f"(?s){re.escape(SAYS)}.*"), f"{SAYS}..."),  # a server's own words may quote a record
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',}]+"), r"\1 ..."),
    (re.compile(r"(?i)\b(https?|rediss?|postgresql(?:\+\w+)?)://[^\s/@\"']*@"), r"\1://...@"),
    (re.compile(r"(?<=[\w/])\?[^\s\"'<>)]+=[^\s\"'<>)]*"), "?..."),
    (re.compile(rf"(?i)\b({'|'.join(sorted(SECRET_FIELDS))})([\"']?\s*[=:]\s*[\"']?)[^\s\"',;&}})]+"), r"\1\2..."),
)

_FRAMES = 6
_LONGEST_FOREIGN_LINE = 300
_WITH_OWN_HANDLERS = ("gunicorn.error", "gunicorn.access")

Log = structlog.stdlib.BoundLogger


def configure_logs(level: str, form: Literal["json", "console"]) -> None:
    """For this process, on standard error; a second call replaces the first. Without it Python writes warnings there,
    in its own form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(form))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    for name in _WITH_OWN_HANDLERS:
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name, least in _LEVELS.items():
        logging.getLogger(name).setLevel(max(least, root.level))


def log_for(name: str) -> Log:
    """The logger of a module: ``milepost.`` and the module's name."""
    log: Log = structlog.wrap_logger(
        logging.getLogger(f"milepost.{name}"),
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return log


def _shared() -> list[Processor]:
    """What is done to every line, ours or another library's."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_secrets,
    ]


def without_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Drops fields that are named like a secret, and cuts what looks like one out of the texts of the others."""
    return _cleaned(event)


def cut(text: str) -> str:
    """A text without queries, credentials in addresses, bearer tokens, and the words of a FHIR server."""
    for pattern, instead in _CUTS:
        text = pattern.sub(instead, text)
    return text


def where(error: BaseException) -> str:
    """Where an error was raised: file, line and function, the innermost first. Not its words, nor the lines of code:
    those may quote a record."""
    frames = traceback.extract_tb(error.__traceback__, limit=-_FRAMES)
    return " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)) or "unknown"


def _first_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Of what other libraries say: Celery puts the whole of a message that it refuses into further lines."""
    line = str(event.get("event", "")).partition("\n")[0].partition(" headers:")[0]
    event["event"] = line[:_LONGEST_FOREIGN_LINE]
    return event


def _cleaned(fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # Any: structlog's own type of a field
    return {
        name: cut(value) if isinstance(value, str) else value
        for name, value in fields.items()
        if name.lower().replace("-", "_") not in SECRET_FIELDS
    }


def _formatter(form: str) -> logging.Formatter:
    last: Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_first_line, *_shared()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _without_trace,
            last,
        ],
    )


def _without_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A trace of another library ends with the error's words, which may quote a record: its type and place are told."""
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = where(error)
    return event

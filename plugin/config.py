"""The settings, from the environment and from nowhere else; what is wrong with one is said at start, in words."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from plugin.domain.errors import BadSettings, UnknownZone

T = TypeVar("T")

LogFormat = Literal["json", "console"]
_LOG_LEVELS = ("debug", "info", "warning", "error")
_DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")

_DEFAULTS: Mapping[str, str] = {
    "MILEPOST_DATABASE_URL": "sqlite:///var/milepost.db",
    "MILEPOST_REDIS_URL": "redis://127.0.0.1:6379/0",
    "MILEPOST_REDIS_INSECURE": "no",
    "MILEPOST_ZONE": "UTC",
    "MILEPOST_PRACTICE_NAME": "",
    "MILEPOST_KEY_FILE": "var/milepost.key",
    "MILEPOST_JWK_FILE": "",
    "MILEPOST_AUDIT_HEADS": "",
    "MILEPOST_POLL_SECONDS": "30",
    "MILEPOST_TICK_SECONDS": "30",
    "MILEPOST_OVERLAP_SECONDS": "120",
    "MILEPOST_STALE_AFTER_SECONDS": "7200",
    "MILEPOST_IDENTIFIER_BASE": "https://milepost.example",
    "MILEPOST_METRICS_TOKEN": "",
    "MILEPOST_BIND": "127.0.0.1:8700",
    "MILEPOST_PUBLIC_URL": "",
    "MILEPOST_PROXIES": "0",
    "MILEPOST_CA_BUNDLE": "",
    "MILEPOST_LOG_LEVEL": "info",
    "MILEPOST_LOG_FORMAT": "json",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that differs from one installation to the next. Secrets are not in its ``repr``."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    zone: ZoneInfo
    practice_name: str
    key_file: Path
    jwk_file: Path
    audit_heads: Path
    poll_every: timedelta
    tick_every: timedelta
    overlap: timedelta
    stale_after: timedelta
    identifier_base: str
    metrics_token: str | None = field(repr=False)
    bind: str
    public_url: str | None
    proxies: int
    """How many of the practice's own proxies stand before the web process, one behind the other."""
    ca_bundle: Path | None
    log_level: str
    log_format: LogFormat


def settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises BadSettings on the first that is wrong."""
    given = _given(environment)
    return Settings(
        database_url=_read(given, "MILEPOST_DATABASE_URL", _database_url),
        redis_url=_redis_url(given),
        zone=_read(given, "MILEPOST_ZONE", _zone),
        practice_name=given["MILEPOST_PRACTICE_NAME"],
        key_file=_read(given, "MILEPOST_KEY_FILE", lambda text: Path(text).absolute()),
        jwk_file=_jwk_file(given),
        audit_heads=_audit_heads(given),
        poll_every=_read(given, "MILEPOST_POLL_SECONDS", _seconds),
        tick_every=_read(given, "MILEPOST_TICK_SECONDS", _seconds),
        overlap=_read(given, "MILEPOST_OVERLAP_SECONDS", _seconds),
        stale_after=_read(given, "MILEPOST_STALE_AFTER_SECONDS", _seconds),
        identifier_base=_read(given, "MILEPOST_IDENTIFIER_BASE", _base_url),
        metrics_token=given["MILEPOST_METRICS_TOKEN"] or None,
        bind=_read(given, "MILEPOST_BIND", _bind),
        public_url=_read(given, "MILEPOST_PUBLIC_URL", _base_url) if given["MILEPOST_PUBLIC_URL"] else None,
        proxies=_read(given, "MILEPOST_PROXIES", _few),
        ca_bundle=_read(given, "MILEPOST_CA_BUNDLE", _file) if given["MILEPOST_CA_BUNDLE"] else None,
        log_level=_read(given, "MILEPOST_LOG_LEVEL", _one_of(*_LOG_LEVELS)),
        log_format="console"
        if _read(given, "MILEPOST_LOG_FORMAT", _one_of("json", "console")) == "console"
        else "json",
    )


def practice_zone(environment: Mapping[str, str] | None = None) -> ZoneInfo:
    """The zone's setting alone: `milepost evaluate` needs no other, and none of the others may stop it."""
    return _read(_given(environment), "MILEPOST_ZONE", _zone)


def zone_named(name: str) -> ZoneInfo:
    """A zone by its IANA name. Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(f"There is no zone {name!r}; expected an IANA name such as America/Chicago.") from error


def variables() -> Mapping[str, str]:
    """The name and the default of every setting; deploy/env.example lists the same."""
    return _DEFAULTS


def child_environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a process that `milepost run` starts."""
    return {**os.environ, **(changes or {})}  # noqa: TID251 os.environ is read in this file alone


def _given(environment: Mapping[str, str] | None) -> dict[str, str]:
    found = os.environ if environment is None else environment  # noqa: TID251 os.environ is read in this file alone
    return {name: found.get(name, "").strip() or default for name, default in _DEFAULTS.items()}


def _read(given: Mapping[str, str], name: str, reader: Callable[[str], T]) -> T:
    """Only the name and what was expected go into the message: a value may hold a password."""
    try:
        return reader(given[name])
    except UnknownZone as error:
        raise UnknownZone(f"{name}: {error}") from error
    except ValueError as error:
        raise BadSettings(f"{name} cannot be used: {error}.") from error


def _database_url(text: str) -> str:
    scheme, parted, rest = text.partition("://")
    if not parted or scheme not in _DATABASES:
        raise ValueError("expected sqlite:///path/to/file or postgresql://user:password@host/name")
    if scheme == "sqlite":
        if not rest.startswith("/") or rest == "/":
            raise ValueError("expected sqlite:/// and a path to a file")
        path = Path(rest[1:]).absolute()
        return f"sqlite:///{path}"
    if not urlsplit(text).hostname and "host=" not in rest:
        raise ValueError("the host of the PostgreSQL server is missing")
    return f"postgresql+psycopg://{rest}"


def _redis_url(given: Mapping[str, str]) -> str:
    insecure_is_wanted = _read(given, "MILEPOST_REDIS_INSECURE", _yes_or_no)
    return _read(given, "MILEPOST_REDIS_URL", lambda text: _guarded_redis(text, insecure_is_wanted))


def _guarded_redis(text: str, insecure_is_wanted: bool) -> str:
    """Off this machine Redis must be encrypted and ask for a password; `unix://` never leaves the machine."""
    parts = urlsplit(text)
    if parts.scheme == "unix":
        return text
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError("expected redis://127.0.0.1:6379/0, rediss://:password@host:port/0 or unix:///path")
    if _is_loopback(parts.hostname) or insecure_is_wanted:
        return text
    if parts.scheme != "rediss" or not parts.password:
        raise ValueError(
            "a Redis on another machine needs TLS (rediss://) and a password; "
            "MILEPOST_REDIS_INSECURE=yes allows it without, on a network that is yours alone"
        )
    return text


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _zone(text: str) -> ZoneInfo:
    return zone_named(text)


def _seconds(text: str) -> timedelta:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 86_400:
        raise ValueError("expected a whole number of seconds between 1 and 86400")
    return timedelta(seconds=int(text))


def _few(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 9:
        raise ValueError("expected how many proxies of your own stand before Milepost: 0 to 9")
    return int(text)


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("expected http:// or https://, a host and perhaps a path")
    return text.rstrip("/")


def _bind(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError("expected host:port, for example 127.0.0.1:8700")
    return text


def _jwk_file(given: Mapping[str, str]) -> Path:
    """Beside the key file, unless it is said where."""
    beside = Path(given["MILEPOST_KEY_FILE"]).with_suffix(".jwks.json")
    return Path(given["MILEPOST_JWK_FILE"] or beside).absolute()


def _audit_heads(given: Mapping[str, str]) -> Path:
    """Beside the key file, unless it is said where."""
    beside = Path(given["MILEPOST_KEY_FILE"]).with_name("audit-heads.log")
    return Path(given["MILEPOST_AUDIT_HEADS"] or beside).absolute()


def _file(text: str) -> Path:
    path = Path(text).absolute()
    if not path.is_file():
        raise ValueError("there is no such file")
    return path


def _yes_or_no(text: str) -> bool:
    if text.lower() not in _YES + _NO:
        raise ValueError("expected yes or no")
    return text.lower() in _YES


def _one_of(*words: str) -> Callable[[str], str]:
    def reader(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"expected one of {', '.join(words)}")
        return text.lower()

    return reader

"""Settings: defaults that work, and complaints that name the setting, what was expected, and never a secret."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from plugin.config import practice_zone, settings, zone_named
from plugin.domain.errors import BadSettings, UnknownZone


def test_nothing_set_is_enough() -> None:
    """A stranger starts without a file of settings."""
    found = settings({})

    assert found.database_url == f"sqlite:///{Path('var/milepost.db').absolute()}"
    assert found.zone == ZoneInfo("UTC")
    assert (found.poll_every, found.tick_every, found.overlap) == (*[timedelta(seconds=30)] * 2, timedelta(seconds=120))
    assert found.public_url is None
    assert found.metrics_token is None


def test_the_signing_keys_lie_beside_the_key_file() -> None:
    """Unless it is said where."""
    assert settings({}).jwk_file == Path("var/milepost.jwks.json").absolute()
    assert settings({"MILEPOST_KEY_FILE": "/keys/a.key"}).jwk_file == Path("/keys/a.jwks.json")
    assert settings({"MILEPOST_JWK_FILE": "/keys/b.json"}).jwk_file == Path("/keys/b.json")


def test_an_empty_value_is_the_default() -> None:
    """As an env file leaves it."""
    assert settings({"MILEPOST_ZONE": " ", "MILEPOST_POLL_SECONDS": ""}) == settings({})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MILEPOST_DATABASE_URL", "mysql://root:hunter2@db/x", "expected sqlite:///"),
        ("MILEPOST_DATABASE_URL", "milepost.db", "expected sqlite:///"),
        ("MILEPOST_DATABASE_URL", "sqlite:///", "a path to a file"),
        ("MILEPOST_DATABASE_URL", "postgresql:///hunter2", "host of the PostgreSQL server"),
        ("MILEPOST_REDIS_URL", "http://hunter2@h", "expected redis://"),
        ("MILEPOST_REDIS_INSECURE", "perhaps", "yes or no"),
        ("MILEPOST_ZONE", "Mars/Olympus", "There is no zone 'Mars/Olympus'"),
        ("MILEPOST_ZONE", "/etc/passwd", "There is no zone"),
        ("MILEPOST_POLL_SECONDS", "0", "between 1 and 86400"),
        ("MILEPOST_POLL_SECONDS", "soon", "whole number of seconds"),
        ("MILEPOST_TICK_SECONDS", "-5", "whole number of seconds"),
        ("MILEPOST_OVERLAP_SECONDS", "1.5", "whole number of seconds"),
        ("MILEPOST_STALE_AFTER_SECONDS", "٣", "whole number of seconds"),
        ("MILEPOST_IDENTIFIER_BASE", "milepost.example", "expected http"),
        ("MILEPOST_PUBLIC_URL", "https://h/?x=1", "expected http"),
        ("MILEPOST_BIND", "8700", "host:port"),
        ("MILEPOST_BIND", "127.0.0.1:99999", "host:port"),
        ("MILEPOST_PROXIES", "-1", "0 to 9"),
        ("MILEPOST_PROXIES", "all", "0 to 9"),
        ("MILEPOST_CA_BUNDLE", "/nowhere/ca.pem", "no such file"),
        ("MILEPOST_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("MILEPOST_LOG_FORMAT", "xml", "one of json, console"),
    ],
)
def test_what_is_wrong_is_said_in_words(name: str, value: str, expected: str) -> None:
    """Which setting, and what it should be; a value may hold a password and is not repeated."""
    with pytest.raises(BadSettings, match=name) as refused:
        settings({name: value})

    assert expected in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "redis://localhost/1",
        "redis://[::1]:6379",
        "unix:///run/redis.sock",
        "rediss://:secret@redis.example.org:6380/0",
    ],
)
def test_a_redis_that_is_safe_is_taken(url: str) -> None:
    """On this machine, or encrypted and with a password."""
    assert settings({"MILEPOST_REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize(
    "url",
    ["redis://redis:6379/0", "redis://:secret@10.0.0.5/0", "rediss://10.0.0.5/0", "redis://127.0.0.1.evil.test/0"],
)
def test_an_open_redis_elsewhere_is_refused(url: str) -> None:
    """Threat row 18: TLS and a password, or a word that says it is meant."""
    with pytest.raises(BadSettings, match="needs TLS") as refused:
        settings({"MILEPOST_REDIS_URL": url})

    assert "secret" not in str(refused.value)
    assert settings({"MILEPOST_REDIS_URL": url, "MILEPOST_REDIS_INSECURE": "yes"}).redis_url == url


def test_postgresql_is_spoken_to_by_psycopg() -> None:
    """However the address is written."""
    for scheme in ("postgresql", "postgresql+psycopg"):
        assert settings({"MILEPOST_DATABASE_URL": f"{scheme}://u@h/n"}).database_url == "postgresql+psycopg://u@h/n"


def test_no_secret_is_shown_by_accident() -> None:
    """Neither a password in an address nor a token."""
    found = settings(
        {
            "MILEPOST_DATABASE_URL": "postgresql://u:hunter2@h/n",
            "MILEPOST_REDIS_URL": "rediss://:hunter2@h/0",
            "MILEPOST_METRICS_TOKEN": "hunter2",
        }
    )

    assert "hunter2" not in repr(found)


def test_evaluating_asks_for_the_zone_alone() -> None:
    """Another setting that is broken does not stop it."""
    assert practice_zone({"MILEPOST_ZONE": "America/Chicago", "MILEPOST_BIND": "?"}) == ZoneInfo("America/Chicago")
    with pytest.raises(UnknownZone, match="MILEPOST_ZONE"):
        practice_zone({"MILEPOST_ZONE": "Nowhere"})


@pytest.mark.parametrize("name", ["", "America", "../UTC", "UTC\0", "america/chicago "])
def test_a_zone_is_an_iana_name(name: str) -> None:
    """Nothing else, and nothing that reads a file."""
    with pytest.raises(UnknownZone, match="IANA name"):
        zone_named(name)

"""The web process as it is started: from settings, or not at all."""

from pathlib import Path

import pytest

from plugin import config
from plugin.app import create_app
from plugin.bootstrap import prepare


def test_a_broken_setting_ends_the_process_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """gunicorn shows one line instead of a trace."""
    monkeypatch.setenv("MILEPOST_ZONE", "Mars/Olympus")

    with pytest.raises(SystemExit, match="milepost: MILEPOST_ZONE: There is no zone 'Mars/Olympus'"):
        create_app()


def test_without_a_key_file_the_process_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It says what makes one."""
    monkeypatch.setenv("MILEPOST_KEY_FILE", str(tmp_path / "missing.key"))

    with pytest.raises(SystemExit, match=r"milepost: .*milepost init"):
        create_app()


def test_it_starts_without_redis_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A broker that is away when the web process starts is a state that `/readyz` tells, and no reason to die."""
    monkeypatch.setenv("MILEPOST_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("MILEPOST_DATABASE_URL", f"sqlite:///{tmp_path / 'milepost.db'}")
    monkeypatch.setenv("MILEPOST_REDIS_URL", "redis://127.0.0.1:9/0")
    prepare(config.settings())

    answer = create_app().test_client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["database"] == "ok"
    assert "Redis did not answer" in answer.json["broker"]

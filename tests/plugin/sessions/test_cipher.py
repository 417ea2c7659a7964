"""Stored secrets: sealed under keys of a file, bound to what they belong to (threat row 23)."""

import base64
import stat
from pathlib import Path

import pytest

from plugin.domain.errors import BadSettings, PermanentFailure
from plugin.sessions.cipher import Cipher, add_key, make_key_file, read_cipher

TOKEN = "a-synthetic-token"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A new key file."""
    path = tmp_path / "keys" / "milepost.key"
    make_key_file(path)
    return path


def test_what_is_sealed_opens_again(key_file: Path) -> None:
    """And never looks like itself, nor twice the same."""
    cipher = read_cipher(key_file)

    sealed = [cipher.encrypt(TOKEN, "main") for _ in range(2)]

    assert [cipher.decrypt(text, "main") for text in sealed] == [TOKEN, TOKEN]
    assert sealed[0] != sealed[1]
    assert TOKEN not in str(sealed)
    assert sealed[0].startswith(f"{cipher.key_id}:")


def test_a_secret_that_was_moved_does_not_open(key_file: Path) -> None:
    """Copied into another source's row, it is useless there."""
    cipher = read_cipher(key_file)
    sealed = cipher.encrypt(TOKEN, "main")

    with pytest.raises(PermanentFailure, match="second does not open"):
        cipher.decrypt(sealed, "second")


@pytest.mark.parametrize("change", ["cut", "flipped", "no base64"])
def test_a_secret_that_was_changed_does_not_open(key_file: Path, change: str) -> None:
    """Whoever writes into the database cannot forge one."""
    cipher = read_cipher(key_file)
    name, _, text = cipher.encrypt(TOKEN).partition(":")
    raw = bytearray(base64.b64decode(text))
    raw[-1] ^= 1
    changed = {"cut": text[:8], "flipped": base64.b64encode(raw).decode(), "no base64": "§"}[change]

    with pytest.raises(PermanentFailure, match="does not open"):
        cipher.decrypt(f"{name}:{changed}")


def test_after_a_rotation_old_secrets_still_open(key_file: Path) -> None:
    """The new key seals, both open."""
    old = read_cipher(key_file)
    sealed = old.encrypt(TOKEN)
    added = add_key(key_file)

    cipher = read_cipher(key_file)

    assert cipher.decrypt(sealed) == TOKEN
    assert (cipher.key_id, cipher.encrypt(TOKEN).partition(":")[0]) == (added, added)
    with pytest.raises(PermanentFailure, match="which the key file lacks"):
        old.decrypt(cipher.encrypt(TOKEN))


def test_the_key_file_is_its_owners_alone(key_file: Path) -> None:
    """Mode 0600 from the first moment; one that is open to others is refused."""
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600

    key_file.chmod(0o640)

    with pytest.raises(BadSettings, match="chmod 600"):
        read_cipher(key_file)


def test_a_key_file_that_is_there_is_kept(key_file: Path) -> None:
    """Making it again would lose every secret."""
    before = key_file.read_text()

    assert make_key_file(key_file) is False
    assert key_file.read_text() == before


@pytest.mark.parametrize("text", ["", "k1", "k1 §", "k1 c2hvcnQ=", "k1 a b"])
def test_a_file_that_holds_no_key_is_refused_in_words(tmp_path: Path, text: str) -> None:
    """Without repeating what it holds."""
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(BadSettings, match="key") as refused:
        read_cipher(path)

    assert "c2hvcnQ" not in str(refused.value)


def test_without_a_key_file_init_is_named(tmp_path: Path) -> None:
    """What to do is part of the complaint."""
    with pytest.raises(BadSettings, match="run `milepost init`"):
        read_cipher(tmp_path / "none")


def test_no_key_is_shown_by_accident() -> None:
    """Not even by printing the object."""
    key = b"k" * 32

    assert "k" * 8 not in repr(Cipher({"k1": key}))

"""Stored secrets: AES-256-GCM under keys that live in a file beside the database, never in it.

A sealed secret is ``<key id>:<base64 of nonce and ciphertext>``. What it belongs to (a source's slug, say) is bound in
as associated data, so that a secret copied into another row does not open there. The key file has one key a line,
``<key id> <base64 of 32 bytes>``; the last one seals, all of them open.
"""

import base64
import binascii
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plugin.domain.errors import BadSettings, PermanentFailure

_KEY_BYTES = 32
_NONCE_BYTES = 12
_OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Cipher:
    """Seals and opens; holds no key in its ``repr``."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise BadSettings("The key file holds no key; `milepost init` makes one.")
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        self._signing = {name: hmac.digest(key, b"milepost signs", "sha256") for name, key in keys.items()}
        self._sealing = list(keys)[-1]

    def encrypt(self, secret: str, belongs_to: str = "milepost") -> str:
        """Twice the same secret gives two different texts."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._keys[self._sealing].encrypt(nonce, secret.encode(), belongs_to.encode())
        return f"{self._sealing}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, sealed: str, belongs_to: str = "milepost") -> str:
        """Raises PermanentFailure when the key is not there or what was sealed is not what is asked for."""
        name, _, text = sealed.partition(":")
        key = self._keys.get(name)
        if key is None:
            raise PermanentFailure(
                f"The secret of {belongs_to} was sealed with key {name!r}, which the key file lacks."
            )
        try:
            raw = base64.b64decode(text, validate=True)
            return key.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], belongs_to.encode()).decode()
        except (binascii.Error, InvalidTag, ValueError) as error:
            raise PermanentFailure(
                f"The stored secret of {belongs_to} does not open: it was changed or moved."
            ) from error

    def sign(self, text: str, purpose: str) -> str:
        """``<key id>:<HMAC>`` of a text that may be read by all and is to be changed by nobody. What was signed for one
        purpose is nothing for another."""
        return f"{self._sealing}:{self._mac(self._sealing, text, purpose)}"

    def what_is_wrong(self, text: str, signature: str, purpose: str) -> str | None:
        """Words for why a signature is not that of the text; None when it is."""
        name, _, mac = signature.partition(":")
        if name not in self._signing:
            return f"is signed with key {name[:20]!r}, which the key file lacks"
        if not hmac.compare_digest(mac.encode(), self._mac(name, text, purpose).encode()):
            return "was changed, or was not written with our key"
        return None

    def _mac(self, name: str, text: str, purpose: str) -> str:
        return hmac.digest(self._signing[name], f"{purpose}\n{text}".encode(), "sha256").hex()

    @property
    def key_id(self) -> str:
        """The key that seals now."""
        return self._sealing


def make_key_file(path: Path) -> bool:
    """A new key file with one key, readable by its owner alone; False when there is one already (it is kept)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(_line())
    return True


def add_key(path: Path) -> str:
    """Rotates: from now on a new key seals, and the old ones still open. Its id."""
    line = _line()
    with path.open("a", encoding="ascii") as file:
        file.write(line)
    return line.split()[0]


def read_cipher(path: Path) -> Cipher:
    """The cipher of a key file. Raises BadSettings when it is missing, open to others, or no key file."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except FileNotFoundError as error:
        raise BadSettings(f"There is no key file at {path} (MILEPOST_KEY_FILE); run `milepost init`.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"The key file {path} (MILEPOST_KEY_FILE) cannot be read as one.") from error
    if mode & _OTHERS:
        raise BadSettings(f"The key file {path} is open to others than its owner; run `chmod 600 {path}`.")
    return Cipher(dict(_key(line, path) for line in text.splitlines() if line.strip()))


def _line() -> str:
    return f"k{secrets.token_hex(4)} {base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}\n"


def _key(line: str, path: Path) -> tuple[str, bytes]:
    try:
        name, text = line.split()
        key = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadSettings(f"The key file {path} has a line that is no key (`<id> <base64 of 32 bytes>`).") from error
    if len(key) != _KEY_BYTES:
        raise BadSettings(f"The key {name!r} in {path} is not 32 bytes long.")
    return name, key

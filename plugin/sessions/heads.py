"""Heads of the audit log's chain, outside the database: an append-only file beside the key file, one line for each
sealing, signed with the installation's key. Who can write database and file, and has not the key, forges no line."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from plugin.domain.errors import PermanentFailure, TemporaryFailure
from plugin.domain.seal import Head, HeadLine, UnreadableHead, head_of
from plugin.sessions.cipher import Cipher

_OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR
_PURPOSE = "heads of the audit log"
_LONGEST_LINE = 1_000


class HeadsFile:
    """The port ``Heads``. ``tell`` hears of each head, for the log: a second place outside the database."""

    def __init__(self, path: Path, cipher: Cipher, tell: Callable[[Head], None]) -> None:
        self._path = path
        self._cipher = cipher
        self._tell = tell

    @property
    def place(self) -> str:
        """See the port."""
        return str(self._path)

    def append(self, head: Head) -> None:
        """See the port. On the disk when it returns. What a crash left of an earlier line becomes a line of its own."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, _OWNER_ONLY)
            with os.fdopen(handle, "r+b", buffering=0) as file:
                cut_off = file.seek(0, os.SEEK_END) > 0 and os.pread(handle, 1, file.tell() - 1) != b"\n"
                line = f"{head.text} {self._cipher.sign(head.text, _PURPOSE)}\n".encode()
                file.write(b"\n" + line if cut_off else line)
                os.fsync(handle)
        except OSError as problem:
            raise TemporaryFailure(
                f"The heads of the audit log cannot be written to {self._path} ({problem.strerror}); "
                "nothing is sealed until they can."
            ) from problem
        self._tell(head)

    def is_there(self) -> bool:
        """See the port."""
        return self._path.is_file()

    def lines(self) -> Iterator[HeadLine]:
        """See the port."""
        try:
            with self._path.open("rb") as file:
                number = 0
                while line := file.readline(_LONGEST_LINE):
                    number += 1
                    yield self._read(number, line)
        except FileNotFoundError:
            return
        except OSError as problem:
            raise PermanentFailure(f"{self._path} cannot be read ({problem.strerror}).") from problem

    def _read(self, number: int, line: bytes) -> HeadLine:
        try:
            text, _, signature = line.decode("ascii").rstrip("\n").rpartition(" ")
            head = head_of(text)
        except ValueError:
            return UnreadableHead(number, "is no line of a heads file")
        why = self._cipher.what_is_wrong(text, signature, _PURPOSE)
        return head if why is None else UnreadableHead(number, why)

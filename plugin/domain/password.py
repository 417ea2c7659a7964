"""What a password of a local account must be, and the names that accounts may have."""

from __future__ import annotations

import re

SHORTEST, LONGEST = 12, 200
NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}", re.ASCII)
"""Of an account: lower case, so that nobody has to remember which letters were large."""

_COMMONEST = frozenset(
    [
        "123456789012",
        "1234567890123",
        "12345678901234",
        "123123123123",
        "111111111111",
        "000000000000",
        "121212121212",
        "123456123456",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "qwertyuiop12",
        "qwertyuiopas",
        "qwerty123456",
        "qwerty1234567",
        "qazwsxedcrfv",
        "asdfghjklzxc",
        "password1234",
        "password12345",
        "password123456",
        "passwordpassword",
        "mypassword123",
        "newpassword1",
        "changeme1234",
        "letmein12345",
        "welcome12345",
        "iloveyou1234",
        "administrator",
        "administrator1",
        "admin1234567",
        "adminadminadmin",
        "abcdefghijkl",
        "abcd12345678",
        "correcthorsebatterystaple",
        "trustno1trustno1",
        "milepostmilepost",
        "milepost1234",
        "careplan1234",
        "hospital1234",
    ]
)
"""Of those with twelve characters or more that people take first; nothing shorter gets so far."""


def password_fault(password: str, account: str) -> str | None:
    """What is wrong with a new password, in words; None when it may be taken."""
    plain = password.casefold()
    if len(password) < SHORTEST:
        return f"Use {SHORTEST} characters or more; a few words in a row are easy to keep in mind."
    if len(password) > LONGEST:
        return f"Use {LONGEST} characters at most."
    if account in plain or plain in account:
        return "Leave the name of your account out of it."
    if plain in _COMMONEST or len(set(plain)) <= 3:
        return "This is one of the first that others would try. Use one that only you would think of."
    return None


def account_name(text: str) -> str:
    """As it is kept, whatever letters were large."""
    return text.strip().casefold()

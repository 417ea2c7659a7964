"""The second factor: time-based one-time codes (RFC 6238), the port ``OneTimeCodes``."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp

_STEP_S = 30
_TOLERANCE = (0, -1, 1)
"""Steps: a telephone's clock may go a little wrong, and people type slowly."""


class TimedCodes:
    """As every authenticator app makes them: 30 seconds, six digits, SHA-1."""

    def secret(self) -> str:
        """See the port."""
        return pyotp.random_base32()

    def uri(self, secret: str, account: str) -> str:
        """See the port."""
        return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name="Milepost")

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        """See the port."""
        given = "".join(code.split()).encode()
        this = int(now.timestamp()) // _STEP_S
        codes = pyotp.TOTP(secret)
        right = [s for s in (this + o for o in _TOLERANCE) if hmac.compare_digest(_code(codes, s).encode(), given)]
        return right[0] if right else None


def _code(codes: pyotp.TOTP, step: int) -> str:
    return codes.generate_otp(step)

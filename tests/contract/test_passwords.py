"""The ports `Passwords` and `OneTimeCodes`: the fakes and the real ones keep the same promises."""

import time
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from plugin.sessions.one_time_codes import TimedCodes
from plugin.sessions.passwords import ArgonPasswords
from plugin.usecases.admin_ports import OneTimeCodes, Passwords
from tests.fake_sign_in import FakeCodes, FakePasswords

NOW = datetime(2026, 6, 16, 12, 0, 10, tzinfo=UTC)


@pytest.fixture(scope="module", params=[FakePasswords, ArgonPasswords])
def passwords(request: pytest.FixtureRequest) -> Passwords:
    """Each of the two."""
    made: Passwords = request.param()
    return made


@pytest.fixture(params=[FakeCodes, TimedCodes])
def codes(request: pytest.FixtureRequest) -> OneTimeCodes:
    """Each of the two."""
    made: OneTimeCodes = request.param()
    return made


def test_a_password_fits_its_hash_alone(passwords: Passwords) -> None:
    """Also where it is empty; without a hash nothing fits."""
    hash_ = passwords.hash("four plain words")

    assert passwords.is_right("four plain words", hash_)
    assert not passwords.is_right("four plain word", hash_)
    assert not passwords.is_right("", hash_)
    assert not passwords.is_right("four plain words", None)


def code_at(codes: OneTimeCodes, secret: str, moment: datetime) -> str:
    return codes.code(secret, moment) if isinstance(codes, FakeCodes) else pyotp.TOTP(secret).at(moment)


def test_a_code_is_right_for_its_step_and_those_beside(codes: OneTimeCodes) -> None:
    """Half a minute, one step of tolerance in both directions; as people type it."""
    secret = codes.secret()
    code = code_at(codes, secret, NOW)
    this = int(NOW.timestamp()) // 30

    steps = [codes.step(secret, code, NOW + timedelta(seconds=30 * n)) for n in (-2, -1, 0, 1, 2)]
    assert steps == [None, this, this, this, None]
    assert codes.step(secret, f" {code[:3]} {code[3:]} ", NOW) == this
    for wrong in ("", "12345", "abcdef", "١٢٣٤٥٦", code + "0"):
        assert codes.step(secret, wrong, NOW) is None


def test_the_address_for_the_app_names_milepost_and_the_account(codes: OneTimeCodes) -> None:
    """With the secret in it."""
    uri = codes.uri("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "demo-lee")

    assert uri.startswith("otpauth://totp/Milepost:demo-lee?")
    assert "secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" in uri


def test_hashes_are_argon2id_with_salts_of_their_own() -> None:
    """Two of the same password differ; a composed and a decomposed é are one; a hash that is none fits nothing."""
    passwords = ArgonPasswords()
    first, second = passwords.hash("caf\u00e9 au lait please"), passwords.hash("caf\u00e9 au lait please")

    assert first.startswith("$argon2id$")
    assert first != second
    assert passwords.is_right("cafe\u0301 au lait please", first)
    assert not passwords.is_right("x", "not a hash")


def test_without_an_account_it_takes_as_long() -> None:
    """The same work, from the first time on: nothing is hashed before it."""
    passwords = ArgonPasswords()
    hash_ = passwords.hash("four plain words")
    took: dict[bool, float] = {}
    for is_there in (True, False, True, False):
        began = time.process_time()
        assert not passwords.is_right("other plain words", hash_ if is_there else None)
        took[is_there] = time.process_time() - began

    assert 0.5 < took[True] / took[False] < 2


def test_a_published_vector() -> None:
    """RFC 6238, appendix B, SHA-1 at 59 seconds and at 1111111109, to six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    codes = TimedCodes()

    assert codes.step(secret, "287082", datetime.fromtimestamp(59, UTC)) == 1
    assert codes.step(secret, "081804", datetime.fromtimestamp(1111111109, UTC)) == 37037036

"""Tests of fhir_adapters/smart/keys.py: threat row 23, our own keys."""

import stat
from pathlib import Path

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from fhir_adapters.smart.keys import Keys
from plugin.domain.errors import BadSettings
from tests.fakes import FakeClock

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys take a moment to be made, so that tests copy these."""
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    Keys(path, FakeClock()).make()
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "jwks.json"
    copy.touch(0o600)
    copy.write_bytes(made.read_bytes())
    return copy


@pytest.fixture
def keys(path: Path, clock: FakeClock) -> Keys:
    return Keys(path, clock)


def kids(keys: Keys) -> list[str]:
    published = keys.jwks()["keys"]
    assert isinstance(published, list)
    return [key["kid"] for key in published]


def states(keys: Keys) -> dict[str, str]:
    return {key.kid: state for key, state in keys.listed()}


def test_the_jwks_holds_public_halves_only(keys: Keys) -> None:
    """With kid, use and alg, without key_ops; one RSA of 2048 bits and one P-384."""
    published = keys.jwks()["keys"]

    assert isinstance(published, list)
    assert [(key["kty"], key["alg"], key["use"]) for key in published] == [
        ("RSA", "RS384", "sig"),
        ("EC", "ES384", "sig"),
    ]
    assert published[1]["crv"] == "P-384"
    assert len(published[0]["n"]) == 342  # 256 bytes in base64url
    assert [name for key in published for name in key if name in PRIVATE | {"key_ops"}] == []
    assert len({key["kid"] for key in published}) == 2


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_what_is_signed_is_verified_with_what_is_published(keys: Keys, algorithm: str) -> None:
    """By its kid."""
    token = keys.sign({"sub": "milepost"}, algorithm)

    told = jwt.decode(token, KeySet.import_key_set(keys.jwks()), algorithms=[algorithm])  # type: ignore[arg-type]

    assert told.claims == {"sub": "milepost"}
    assert told.header["alg"] == algorithm


def test_the_file_is_its_owners_alone(keys: Keys, made: Path, path: Path) -> None:
    """Mode 0600 from the first moment; one that is open to others is refused."""
    keys.rotate()

    assert [stat.S_IMODE(file.stat().st_mode) for file in (made, path)] == [0o600, 0o600]
    assert [file.name for file in path.parent.iterdir()] == ["jwks.json"]

    path.chmod(0o640)
    with pytest.raises(BadSettings, match="chmod 600"):
        keys.jwks()


def test_making_again_keeps_what_is_there(keys: Keys) -> None:
    """`milepost init` may be repeated."""
    before = kids(keys)

    assert keys.make() == []
    assert kids(keys) == before


def test_only_what_is_missing_is_made(keys: Keys, path: Path) -> None:
    """One algorithm more is one key more."""
    stored = orjson.loads(path.read_bytes())
    path.write_bytes(orjson.dumps({"keys": stored["keys"][:1]}))

    assert [key.algorithm for key in keys.make()] == ["ES384"]


def test_a_new_key_is_published_first_and_signs_later(keys: Keys, clock: FakeClock) -> None:
    """Nobody meets a signature whose key they could not have fetched; the old key stays for another day."""
    old = keys.signing("ES384").kid
    clock.forward(days=1)
    new = next(key.kid for key in keys.rotate() if key.algorithm == "ES384")

    assert {old, new} <= set(kids(keys))
    assert keys.signing("ES384").kid == old
    assert states(keys)[new] == "waits"

    clock.forward(minutes=10)
    assert keys.signing("ES384").kid == new
    assert states(keys)[old] == "replaced"

    clock.forward(hours=23, minutes=59)
    assert old in kids(keys)
    clock.forward(minutes=1)
    assert kids(keys) == [key.kid for key, state in keys.listed() if state == "signs"]
    assert old not in kids(keys)


def test_what_is_published_no_more_is_forgotten_with_the_next_rotation(
    keys: Keys, clock: FakeClock, path: Path
) -> None:
    """A private key that nobody needs is not kept."""
    for _ in range(2):
        clock.forward(days=2)
        keys.rotate()

    assert len(orjson.loads(path.read_bytes())["keys"]) == 4


def test_where_no_key_was_made_nothing_is_published(tmp_path: Path, clock: FakeClock) -> None:
    """And what needs one says which command makes it."""
    keys = Keys(tmp_path / "none", clock)

    assert keys.jwks() == {"keys": []}
    for call in (keys.rotate, keys.listed, lambda: keys.signing("ES384")):
        with pytest.raises(BadSettings, match="milepost keys make"):
            call()


@pytest.mark.parametrize(
    "text", ["", "CANARY", "[]", '{"keys": 1}', '{"keys": [{"kty": "RSA", "d": "CANARY"}]}', '{"keys": [1]}']
)
def test_a_file_that_holds_no_keys_is_refused_in_words(path: Path, keys: Keys, text: str) -> None:
    """Without repeating what it holds."""
    path.write_text(text)

    with pytest.raises(BadSettings, match="does not hold our signing keys") as refused:
        keys.jwks()

    assert "CANARY" not in str(refused.value)


def test_no_key_is_shown_by_accident(keys: Keys) -> None:
    """Not by printing it."""
    key = keys.signing("RS384")

    assert key.jwk["d"] not in repr(key)

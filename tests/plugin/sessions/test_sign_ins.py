"""What lies in Redis of an admin session: nothing with which one could open it, or learn whose it is."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

from plugin.domain.account import OpenSession
from plugin.sessions.cipher import Cipher
from plugin.sessions.connection import connect
from plugin.sessions.sign_ins import RedisSignIns

NOW = datetime.now(UTC)
SESSION = OpenSession(
    id="session-id",
    person_id=7,
    csrf="form-token",
    signed_in_at=NOW,
    proven_at=NOW,
    ends_at=NOW + timedelta(hours=10),
    new_secret="the-secret",
)


def test_whoever_reads_redis_learns_nothing(redis_url: str) -> None:
    """Keys are hashes, records are sealed; one that was copied to another key does not open there; with another key file
    it is no session."""
    with closing(connect(redis_url)) as client:
        sign_ins = RedisSignIns(client, Cipher({"k1": b"k" * 32}))
        sign_ins.open("the-token", SESSION)
        sign_ins.count("attempts", "192.0.2.7", timedelta(minutes=1))
        keys = sorted(str(key) for key in client.keys("milepost.admin.*"))
        sealed = [str(client.get(key)) for key in keys]

        for word in ("the-token", "session-id", "form-token", "the-secret", "192.0.2.7"):
            assert word not in "".join([*keys, *sealed])
        sign_ins.open("another-token", SESSION)
        (other,) = {str(key) for key in client.keys("milepost.admin.session.*")} - set(keys)
        client.set(other, next(value for key, value in zip(keys, sealed, strict=True) if ".session." in key))
        assert sign_ins.session("another-token", NOW) is None
        assert RedisSignIns(client, Cipher({"k2": b"x" * 32})).session("the-token", NOW) is None
        assert sign_ins.session("the-token", NOW) == SESSION

"""Whatever is sent to an admin page, it answers in words: no fault, no trace of one, no way out; row 3, row 7, row 9,
row 15, row 30. The forms are those that stand on the pages, filled in by chance, but by the same chance each time."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from io import BytesIO
from random import Random
from urllib.parse import quote

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.admin import OURS, PASSWORD, SECRET
from tests.admin_tour import Form, Place, Walk, whole_walk

NASTY = (
    "",
    " ",
    "0",
    "-1",
    "1",
    "2",
    "9" * 30,
    "1e999",
    "٣",
    "²",
    "NaN",
    "\x00",
    "\ud800",
    "\u202e",
    "a" * 9_000,
    "{{7*7}}",
    "${7*7}",
    "__class__",
    "' OR 1=1 --",
    "%00",
    "../../etc/passwd",
    "//evil.example/",
    "https://evil.example/admin",
    "javascript:alert(1)",
    "<script>alert(1)</script>",
    "(a+)+$",
    "0000-00-00",
    "9999-12-31",
    "2026-02-30",
    "2026-06-22T25:00",
    "program",
    "standard",
    "yes",
    "save",
    "check",
    "append milestones",
    "drop tiers.0",
    "find codes",
    "user:1",
    "role:coordinator",
    "Patient/p1",
    "=cmd|' /C calc'!A0",
    "\r\nSet-Cookie: x=1",
)
NAMES = (
    "do",
    "back",
    "at",
    "as_of",
    "seen",
    "revision",
    "mark",
    "tiers.99999.number",
    "codes.-1.code",
    "a.b.c.d.e.f",
    "once",
)
ENDS_THE_SESSION = {"/admin/sign-out"}
UNTOLD = {"codes_counted", "codes_seen", "drafts_aside", "preview_parts"}
"""Tables of what is counted, or kept beside what was refused."""


@pytest.fixture
def walk() -> Walk:
    """By somebody who may do everything, with forms of every sort; the practice is as it was made."""
    walk = whole_walk()
    walk.place.reset()
    return walk


def send(place: Place, form: Form, fields: Sequence[tuple[str, str]], path: str = "") -> TestResponse:
    """As the browser would send it, in a practice as it was made."""
    path = path or form.path
    sent = MultiDict((name, value.encode(errors="surrogatepass")) for name, value in fields)
    if form.method == "GET":
        query = "&".join(f"{quote(name)}={quote(value, errors='surrogatepass')}" for name, value in fields)
        return place.everybody.get(f"{path}?{query}")
    sent.setlist("csrf", [place.everybody.form_token.encode()])
    return place.everybody.client.post(path, data=sent, base_url=OURS, headers={"Origin": OURS})


def check(place: Place, answer: TestResponse, what: object) -> None:
    """In words, within the house, and on record where it did something; undone where it was refused."""
    changed = place.changed() - UNTOLD
    rows = place.rows(place.everybody.who)
    assert answer.status_code in (200, 303, 400, 401, 403, 404, 405, 409, 413, 422), what
    assert "Traceback" not in answer.text, what
    assert answer.headers.get("Location", "/admin").startswith(("/admin", f"{OURS}/admin")), what
    assert not (changed and answer.status_code >= 400), (what, answer.status_code, changed)
    assert rows or not changed, (what, answer.status_code, changed)
    assert all({"session", "from"} <= row.detail.keys() for row in rows), what


@pytest.mark.parametrize("seed", range(3))
def test_whatever_stands_in_a_form(walk: Walk, seed: int) -> None:
    """Any form with some of its fields, or others, filled in with what nobody expects (row 9, row 30)."""
    chance = Random(seed)
    forms = [form for form in walk.forms.values() if form.path not in ENDS_THE_SESSION]
    for _ in range(150):
        form = chance.choice(forms)
        fields = [(name, chance.choice(NASTY) if chance.random() < 0.3 else value) for name, value in form.fields]
        fields += [(chance.choice(NAMES), chance.choice(NASTY)) for _ in range(chance.randrange(3))]
        walk.place.reset()

        answer = send(walk.place, form, fields)

        check(walk.place, answer, (form.method, form.path, fields))


def test_each_form_as_it_stands(walk: Walk) -> None:
    """Sent back unchanged, each with every one of its fields: done, or refused in words (row 30)."""
    for form in walk.forms.values():
        if form.path in ENDS_THE_SESSION:
            continue
        walk.place.reset()

        check(walk.place, send(walk.place, form, form.fields), (form.method, form.path))


def test_whatever_stands_in_an_address(walk: Walk) -> None:
    """Every page with ids, codes and filters that nobody has (row 9, row 10)."""
    rules = [rule for rule in walk.place.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    for rule in (rule for rule in rules if rule.rule.startswith("/admin") and "sign-" not in rule.rule):
        for word in ("0", "999999", "9" * 30, "-1", "x", "%00", "%F0%9F%92%A9", "..%2f", "a" * 3000, "{{7*7}}"):
            walk.place.reset()
            path = "/".join(word if part.startswith("<") else part for part in rule.rule.split("/"))
            query = "&".join(
                f"{name}={word}" for name in ("at", "as_of", "patient", "q", "s", "to", "from", "copy", "path")
            )

            answer = walk.place.everybody.get(f"{path}?{query}")

            check(walk.place, answer, path)
            assert answer.status_code != 200 or "<" not in rule.rule or "any(" in rule.rule, path


class Unread(BytesIO):
    """A body that nobody may read."""

    def read(self, *size: int | None) -> bytes:
        raise AssertionError("what is too large was read")

    readline = read


def test_ten_megabytes_are_refused_unread(walk: Walk) -> None:
    """By every route that takes a form, without a look at what was sent, whoever sends it (row 15)."""
    place = walk.place
    place.reset()
    for client in (place.everybody.client, place.app.test_client()):
        for rule in place.app.url_map.iter_rules():
            if not rule.rule.startswith("/admin") or "POST" not in (rule.methods or ()):
                continue
            path = "/".join("1" if part.startswith("<") else part for part in rule.rule.split("/"))
            answer = client.post(
                path,
                base_url=OURS,
                headers={"Origin": OURS},
                content_type="application/x-www-form-urlencoded",
                environ_overrides={"CONTENT_LENGTH": str(10 * 1024 * 1024), "wsgi.input": Unread()},
            )
            assert answer.status_code in (413, 404), path
    assert place.changed() == set()


def test_nothing_that_is_typed_gets_into_a_log(walk: Walk, caplog: pytest.LogCaptureFixture) -> None:
    """Neither from a field nor from an address; nor a password, a code, a token or a secret of the sign-in, whether it is
    right or wrong, or the source fails while it is asked (row 7)."""
    place, word = walk.place, secrets.token_hex(8)
    caplog.set_level("DEBUG")
    told = [PASSWORD, SECRET, place.everybody.form_token, *place.world.sign_ins.sessions]
    for form in walk.forms.values():
        place.reset()
        answer = send(place, form, [(name, f"{word}{value}") for name, value in form.fields])
        assert word not in answer.headers.get("Location", ""), form
    place.reset()
    place.world.server.down = True
    new = {"slug": "second", "base_url": f"https://{word}.test/fhir", "kind": "r4", "proof": "token", "token": word}
    place.everybody.post("/admin/sources/new", new)
    place.world.server.down = False
    wrong = {"name": word, "password": word, "code": word, "back": f"/admin/{word}"}
    place.app.test_client().post("/admin/sign-in", data=wrong, base_url=OURS, headers={"Origin": OURS})
    place.everybody.get(f"/admin/{word}?q={word}")

    assert [each for each in (*told, word) if each in caplog.text] == []
    assert caplog.text.count("request") > 50

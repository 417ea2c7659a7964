"""Styles and scripts: kept by browsers, few bytes, nothing beside them."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from plugin.app import create_app
from tests.builders import World
from ui_extension.shared.assets import asset_pages, read_assets, version_of

FIRST_LOAD_BYTES = 150_000
REQUESTS = ("vendored/bootstrap.min.css", "panel.css", "panel.js", "vendored/htmx.min.js")


@pytest.fixture
def client() -> FlaskClient:
    """Asks the web process."""
    return create_app(World().services).test_client()


@pytest.fixture(scope="module")
def version() -> str:
    """The version that pages name."""
    return version_of(read_assets())


def test_a_file_is_kept_for_a_year_under_its_version(client: FlaskClient, version: str) -> None:
    """By every cache: there is nothing of a patient in it. What another release's page asks for is not kept."""
    new, old = client.get(f"/static/{version}/panel.js"), client.get("/static/0000/panel.js")

    assert new.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert new.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert (old.status_code, old.headers["Cache-Control"]) == (200, "no-store")
    assert "Set-Cookie" not in new.headers


def test_a_file_is_compressed_where_that_is_understood(client: FlaskClient, version: str) -> None:
    """And is the same file then."""
    plain = client.get(f"/static/{version}/vendored/htmx.min.js")
    small = client.get(f"/static/{version}/vendored/htmx.min.js", headers={"Accept-Encoding": "br, gzip"})

    assert small.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(small.data) == plain.data
    assert small.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


def test_what_a_panel_loads_first_is_small(client: FlaskClient, version: str) -> None:
    """Half of the budget is left for the chart."""
    answers = [client.get(f"/static/{version}/{name}", headers={"Accept-Encoding": "gzip"}) for name in REQUESTS]

    assert sum(len(answer.data) for answer in answers) < FIRST_LOAD_BYTES / 2
    assert len(REQUESTS) + 2 <= 8


@pytest.mark.parametrize(
    "name",
    [
        "VENDORED.toml",
        "vendored/VENDORED.toml",
        "../assets.py",
        "..%2fassets.py",
        "vendored",
        "",
        "x.js",
        "/etc/passwd",
    ],
)
def test_nothing_else_is_given_out(client: FlaskClient, version: str, name: str) -> None:
    """Only what was read at start, by its name."""
    assert client.get(f"/static/{version}/{name}").status_code == 404


def test_another_content_is_another_version(tmp_path: Path) -> None:
    """Of any of the files."""
    (tmp_path / "a.js").write_text("1")
    before = version_of(read_assets.__wrapped__(tmp_path))
    (tmp_path / "a.js").write_text("2")

    assert version_of(read_assets.__wrapped__(tmp_path)) != before


def test_a_template_cannot_name_a_file_that_is_not_there() -> None:
    """It fails in the tests, not in the browser."""
    app = Flask("test", static_folder=None)
    app.register_blueprint(asset_pages())

    with app.test_request_context(), pytest.raises(LookupError):
        render_template_string("{{ asset('forgotten.css') }}")


def test_scripts_of_ours_use_nothing_that_the_policy_forbids() -> None:
    """No eval, no markup made of text, no cookie, no storage that tabs share."""
    own = [asset.body.decode() for name, asset in read_assets().items() if not name.startswith("vendored/")]
    forbidden = (
        "eval(",
        "new Function",
        "innerHTML =",
        "document.write",
        "document.cookie",
        "localStorage",
        "postMessage",
    )

    assert [word for text in own for word in forbidden if word in text] == []


def test_the_panel_and_the_admin_pages_share_no_class_by_chance() -> None:
    """The page of a patient has both style sheets: a class that each gives a meaning of its own would be torn between them."""
    plain = [_plain_classes(read_assets()[name].body) for name in ("panel.css", "admin.css")]

    assert min(map(len, plain)) > 50
    assert plain[0] & plain[1] == set()


def _plain_classes(sheet: bytes) -> set[str]:
    """Those that have a rule of their own, wherever they stand."""
    rules = re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", sheet.decode(), flags=re.DOTALL))
    selectors = {selector.strip() for rule in rules for selector in rule.split(",")}
    return {selector for selector in selectors if re.fullmatch(r"\.mp-[\w-]+", selector)}

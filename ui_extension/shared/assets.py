"""Styles and scripts: read once at start, compressed once, and named by what is in them, so that they may be kept."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, request, url_for

from plugin.api.access import Access, open_to

_FOLDER = Path(__file__).parent / "static"
_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_KEPT = "public, max-age=31536000, immutable"
_VERSION_LETTERS = 16


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and compressed."""

    content_type: str
    body: bytes
    compressed: bytes


@cache
def read_assets(folder: Path = _FOLDER) -> Mapping[str, Asset]:
    """Every file that is served, by its path below the folder. Read once in a process."""
    files = sorted(file for file in folder.rglob("*") if file.suffix in _TYPES)
    return {file.relative_to(folder).as_posix(): _asset(file) for file in files}


def version_of(assets: Mapping[str, Asset]) -> str:
    """One version of all of them: another as soon as one of them is another."""
    digest = hashlib.sha256()
    for name, asset in sorted(assets.items()):
        digest.update(f"{name}\n{len(asset.body)}\n".encode() + asset.body)
    return digest.hexdigest()[:_VERSION_LETTERS]


def asset_pages() -> Blueprint:
    """``/static/<version>/<file>``, and for templates ``asset(file)``, its address."""
    assets = read_assets()
    current = version_of(assets)
    pages = Blueprint("assets", __name__, template_folder="templates")

    @pages.app_template_global("asset")
    def address(name: str) -> str:
        if name not in assets:
            raise LookupError(name)
        return url_for("assets.file", version=current, name=name)

    @pages.get("/static/<version>/<path:name>")
    @open_to(Access.ANYONE)
    def file(version: str, name: str) -> Response:
        if name not in assets:
            abort(404)
        return _answer(assets[name], is_kept=version == current)

    return pages


def _asset(file: Path) -> Asset:
    body = file.read_bytes()
    return Asset(_TYPES[file.suffix], body, gzip.compress(body, mtime=0))


def _answer(asset: Asset, *, is_kept: bool) -> Response:
    """Under another version's name (a page of the release before) the file is given and not kept. A frame without an
    origin of its own (``sandbox``) needs it too, if only to say that it cannot go on."""
    is_compressed = request.accept_encodings.quality("gzip") > 0
    response = Response(asset.compressed if is_compressed else asset.body, content_type=asset.content_type)
    if is_compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if is_kept:
        response.headers["Cache-Control"] = _KEPT
    return response

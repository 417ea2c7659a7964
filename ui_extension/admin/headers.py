"""What stands in the head of every answer of the admin pages: never framed, nothing foreign, kept by nobody."""

from __future__ import annotations

from flask import Flask, Response, request

from ui_extension.admin.session import set_cookie
from ui_extension.shared.compression import compressed

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def is_admin_path() -> bool:
    """Whether the request is for one of these pages, or would be if there were one."""
    return request.path == "/admin" or request.path.startswith("/admin/")


def admin_headers(app: Flask) -> None:
    """On every answer below /admin, error pages included. To be registered before the general headers, which stand where
    nothing else was said. The referrer stays among ourselves: without any, a browser would not say either where a form
    comes from. Compression tells nothing to another site: its requests come without our cookie."""

    @app.after_request
    def set_policy(response: Response) -> Response:
        if not is_admin_path():
            return response
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Referrer-Policy"] = "same-origin"
        return compressed(set_cookie(response))

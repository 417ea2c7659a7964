"""Slugs: the short names that people give to sources and issuers, and that stand in keys and addresses."""

from __future__ import annotations

import re

from plugin.domain.errors import BadInput

_SLUG = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)


def checked_slug(text: str) -> str:
    """The slug, if it is one."""
    if not _SLUG.fullmatch(text):
        raise BadInput(f"{text!r} is no slug: small letters, digits and hyphens, at most 40, a letter first.")
    return text

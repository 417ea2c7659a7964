"""A publication that concerns new plans only; what was kept aside when two people saved one part."""

from __future__ import annotations

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Filled by its owner."""

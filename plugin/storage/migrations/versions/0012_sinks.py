"""Where milestone Tasks go when their source has none: patients linked to a store, staff accounts, messages."""

from __future__ import annotations

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Filled by its owner."""

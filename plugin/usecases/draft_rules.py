"""The versions as they would be with a draft in force: what a trial and a preview assess by, and nothing else decides
it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from plugin.domain.configuration import ConfigDraft, ConfigVersion, stacked

_UNNAMED = "draft"


def versions_with(
    versions: Sequence[ConfigVersion], draft: ConfigDraft, plans_from: date | None = None
) -> list[ConfigVersion]:
    """The versions in force with the draft among them, in the same order, or without what it retires. It stands under the
    name of the version that it takes the place of: a name alone is no difference for a patient. Where it is for plans that
    start from a day on, what stood there stays beneath it for the others."""
    others = [version for version in versions if (version.kind, version.code) != (draft.kind, draft.code)]
    if draft.of == "retirement":
        return others
    replaced = next((v for v in versions if (v.kind, v.code) == (draft.kind, draft.code)), None)
    drafted = as_version(draft)
    if replaced is not None:
        drafted = replace(drafted, version=replaced.version)
    if plans_from is not None:
        beneath = replaced.standing if replaced is not None else ()
        drafted = stacked([replace(drafted, plans_from=plans_from), *beneath])
    return sorted((*others, drafted), key=lambda version: (version.kind, version.code))


def as_version(draft: ConfigDraft) -> ConfigVersion:
    """A draft in the form in which it would be published: what a catalog reads."""
    named = draft.body.get("version")
    return ConfigVersion(
        kind=draft.kind,
        code=draft.code,
        version=named if isinstance(named, str) and named else _UNNAMED,
        body=draft.body,
        state="draft",
        by=draft.by,
    )

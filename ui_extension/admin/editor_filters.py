"""What the editor's templates ask of values: where a part is edited, what it is called, which version this is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, url_for

from plugin.domain.configuration import ConfigVersion
from plugin.domain.known_code import CodeChoice
from plugin.domain.practice_words import day_words
from plugin.domain.program_edit import Part, Where, step_of, text_of
from plugin.domain.program_words import Line
from ui_extension.admin.edit_form import is_in_order, picked, slot_of
from ui_extension.admin.editor_words import seen, system_word


def part_url(where: Where, draft_id: int) -> str:
    """Where a part is edited."""
    if where.what == "step":
        return url_for("steps.step", draft_id=draft_id, code=where.code)
    return url_for("steps.whole", draft_id=draft_id, what="head" if where.what == "head" else "tiers")


def part_title(where: Where, body: Part) -> str:
    """What a part is called."""
    if where.what == "step":
        return text_of(step_of(body, where.code) or {}, "title") or "A step without a title"
    return "About the program" if where.what == "head" else "The ladder"


def step_where(code: str) -> Where:
    """A step as a part."""
    return Where("step", code)


def version_name(version: ConfigVersion) -> str:
    """``version 3``, ``the draft``."""
    return "the draft" if version.state == "draft" else f"version {version.version}"


def how_often(choice: CodeChoice) -> str:
    """Of a code that was found: who names it, and how many charts have it."""
    return f"in a program, {seen(choice.patients)}" if choice.is_named else seen(choice.patients)


def by_label(lines: Sequence[Line]) -> Mapping[str, str]:
    """The words of each line under its label."""
    return dict(lines)


_FILTERS: Mapping[str, Callable[..., object]] = {
    "by_label": by_label,
    "day_words": day_words,
    "how_often": how_often,
    "is_in_order": is_in_order,
    "part_title": part_title,
    "part_url": part_url,
    "pick": picked,
    "slot": slot_of,
    "step_where": step_where,
    "system_word": system_word,
    "version_name": version_name,
}


def editor_filters(pages: Blueprint) -> None:
    """By the names that the templates know."""
    for name, filter_ in _FILTERS.items():
        pages.add_app_template_filter(filter_, name)

"""A form of a page, as a browser would send it: its fields with what stands in them."""

from __future__ import annotations

from html.parser import HTMLParser


class _Form(HTMLParser):
    """The fields of one form, by its id."""

    def __init__(self, id_: str) -> None:
        super().__init__()
        self._id = id_
        self._is_inside = False
        self._select: str | None = None
        self.fields: dict[str, str] = {}
        self.buttons: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name"), given.get("value") or ""
        if tag == "form":
            self._is_inside = given.get("id") == self._id
        elif not self._is_inside:
            return
        elif tag == "button" and name == "do":
            self.buttons.append(value)
        elif tag == "select" and name:
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.fields):
            self.fields[self._select] = value
        elif tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.fields[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "select":
            self._select = None


def fields_of(page: str, id_: str) -> dict[str, str]:
    """All but the session's own token."""
    return {name: value for name, value in _parsed(page, id_).fields.items() if name != "csrf"}


def buttons_of(page: str, id_: str) -> list[str]:
    """What the form's buttons say by ``do``."""
    return _parsed(page, id_).buttons


def _parsed(page: str, id_: str) -> _Form:
    form = _Form(id_)
    form.feed(page)
    return form

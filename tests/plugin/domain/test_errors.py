"""Tests of plugin/domain/errors.py."""

import pickle
import re
from datetime import timedelta

from plugin.domain import errors
from plugin.domain.errors import MilepostError, TemporaryFailure, VersionConflict


def drawn() -> list[tuple[str, int]]:
    """The names in the tree at the top of the module, with their depth."""
    lines = re.findall(r"^ {4}((?:[│ ] {3})*(?:[├└]── )?)(\w+)", errors.__doc__ or "", re.MULTILINE)
    return [(name, len(indent) // 4) for indent, name in lines]


def declared(error: type[MilepostError] = MilepostError, depth: int = 0) -> list[tuple[str, int]]:
    """The classes of the module, in the order of their declaration, with their depth."""
    below = [
        found
        for child in error.__subclasses__()
        if child.__module__ == errors.__name__
        for found in declared(child, depth + 1)
    ]
    return [(error.__name__, depth), *below]


def test_the_tree_that_is_drawn_is_the_tree() -> None:
    """Whoever reads the top of the module has read the module."""
    assert drawn() == declared()


def test_an_error_crosses_a_process_whole() -> None:
    """What a program decides by is still there on the other side."""
    busy = pickle.loads(
        pickle.dumps(TemporaryFailure("GET Task: 503", retry_after=timedelta(seconds=9), status_code=503))
    )
    conflict = pickle.loads(pickle.dumps(VersionConflict("PUT Task/t1: 409", status_code=409)))

    assert (str(busy), busy.retry_after, busy.status_code) == ("GET Task: 503", timedelta(seconds=9), 503)
    assert (type(conflict), conflict.status_code) == (VersionConflict, 409)

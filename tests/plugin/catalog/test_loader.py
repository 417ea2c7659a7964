"""What is shipped loads, and is what the domain says it is."""

from dataclasses import replace
from importlib.resources import files

import pytest

from plugin.catalog.loader import LADDER, PROGRAM, FileCatalog, parse_program
from plugin.domain.errors import BadProgram


def test_everything_that_is_shipped_loads() -> None:
    """Programs and ladders, each once, published, with a reason."""
    shipped = FileCatalog().shipped()

    assert [(v.kind, v.code) for v in shipped] == [
        (PROGRAM, "chronic-care"),
        (PROGRAM, "hip-replacement"),
        (LADDER, "standard"),
    ]
    assert {v.state for v in shipped} == {"published"}
    assert all(v.why and v.version for v in shipped)


def test_every_file_of_the_catalog_is_read() -> None:
    """No data file lies beside unread; each folder explains its vocabulary."""
    for kind, folder in ((PROGRAM, "programs"), (LADDER, "ladders")):
        names = {file.name for file in (files("plugin.catalog") / folder).iterdir()}
        shipped = {f"{v.code}.toml" for v in FileCatalog().shipped() if v.kind == kind}
        assert names - {"__pycache__"} == shipped | {"README.md"}


def test_a_stored_version_reads_back_as_it_was_shipped() -> None:
    """Yesterday's decision can still be explained: the body is all that is kept."""
    catalog = FileCatalog()

    for version in catalog.shipped():
        if version.kind == PROGRAM:
            program = catalog.program(version)
            assert (program.code, program.version) == (version.code, version.version)
        else:
            assert catalog.ladder(version).code == version.code
        assert catalog.check(version.kind, version.body) == []


def test_a_draft_is_checked_whatever_it_calls_its_version() -> None:
    """It is given one when it is published; the stored body is read under the version that it stands under."""
    catalog = FileCatalog()
    program = catalog.shipped()[0]
    unnamed = {key: value for key, value in program.body.items() if key != "version"}

    assert catalog.check(PROGRAM, unnamed) == catalog.check(PROGRAM, {**unnamed, "version": ""}) == []
    assert catalog.program(replace(program, body=unnamed, version="7")).version == "7"


def test_what_was_read_is_not_read_again_until_it_changes() -> None:
    """Every page of a feed asks for the programs in force. A draft of the same version may have another body."""
    catalog = FileCatalog()
    program = catalog.shipped()[0]
    changed = replace(program, body={**program.body, "title": "Another title"})

    first = catalog.program(program)

    assert catalog.program(replace(program)) is first
    assert catalog.program(changed).title == "Another title"
    assert catalog.program(program) == first


def test_a_stored_body_that_is_none_is_named() -> None:
    """BadProgram with code and version, for whoever stored it."""
    program, _, ladder = FileCatalog().shipped()

    with pytest.raises(BadProgram, match="program chronic-care version 1: title: Please give a text"):
        FileCatalog().program(replace(program, body={**program.body, "title": 3}))
    with pytest.raises(BadProgram, match="ladder standard version 1: code: Please fill this in"):
        FileCatalog().ladder(replace(ladder, body={}))


def test_a_file_that_is_no_toml_names_the_line() -> None:
    """One line, with the file's name."""
    with pytest.raises(BadProgram, match=r"^mine\.toml: not TOML: .*line 2") as caught:
        parse_program('code = "x"\nversion = \n', "mine.toml")

    assert "\n" not in str(caught.value)

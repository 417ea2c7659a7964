"""The import contract `room`: what a room may use beside the standard library and itself, as a closed list."""

import sys

from grimp import ImportGraph
from importlinter.application import output
from importlinter.domain import fields
from importlinter.domain.contract import Contract, ContractCheck

# `_typeshed` exists for type checkers only: it ships with them as a part of the standard library's types.
STANDARD_LIBRARY = sys.stdlib_module_names | {"_typeshed"}

Breach = tuple[str, str, int]
"""Importer, imported, line."""


def is_within(module: str, places: set[str]) -> bool:
    """Whether `module` is one of `places` or lies below one of them."""
    return any(module == place or module.startswith(f"{place}.") for place in places)


def breaches(graph: ImportGraph, *, room: set[str], may_import: set[str]) -> list[Breach]:
    """Every direct import out of `room` that its list does not name; a room that does not exist yet has none."""
    allowed = room | may_import
    found: list[Breach] = []
    for importer in sorted(module for module in graph.modules if is_within(module, room)):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            if imported.partition(".")[0] in STANDARD_LIBRARY or is_within(imported, allowed):
                continue
            details = graph.get_import_details(importer=importer, imported=imported)
            found += [(importer, imported, detail["line_number"]) for detail in details]
    return found


class RoomContract(Contract):
    """import-linter's own kinds forbid by name; a room is stricter: what its list does not name, it may not import."""

    type_name = "room"

    modules = fields.SetField(subfield=fields.StringField())
    may_import = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        output.verbose_print(verbose, f"Reading the imports of {self.name}.")
        found = breaches(graph, room=_names(self.modules), may_import=_names(self.may_import))
        return ContractCheck(kept=not found, metadata={"breaches": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported, line in check.metadata["breaches"]:
            output.print_error(
                f"{importer}:{line} imports {imported}, which this room's list does not name.", bold=False
            )


def _names(field: object) -> set[str]:
    """The parsed value of a set field (the library replaces the field by its value on the instance)."""
    return {str(name) for name in field if name} if isinstance(field, set | frozenset) else set()

"""What came out: a table for the terminal, the same one in README.md, and build/bench.json for whoever compares."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from deploy.bench.row import Part, Row

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass(frozen=True)
class Results:
    """Everything of one run, stage by stage."""

    machine: Mapping[str, object]
    is_quick: bool
    parts: Sequence[Part]

    def as_json(self) -> Mapping[str, object]:
        """The keys that do not change, and details beside them; `workers` says with how many a figure was reached."""
        return {
            **{key: value for part in self.parts for key, value in part.keys.items()},
            "workers": {key: value for part in self.parts for key, value in part.workers.items()},
            "details": {key: value for part in self.parts for key, value in part.details.items()},
            "machine": self.machine,
            "quick": self.is_quick,
        }

    def rows(self) -> Iterator[Row]:
        """In the order in which they were taken."""
        return (row for part in self.parts for row in part.rows)


def table(results: Results) -> Table:
    """For the terminal."""
    made = Table(title="Milepost on this machine", title_justify="left")
    for name in ("what", "of", "figure", "goal", "", "beside it"):
        made.add_column(name, justify="right" if name == "figure" else "left")
    for row in results.rows():
        verdict = row.verdict if row.is_met else f"[bold]{row.verdict}[/bold]"
        made.add_row(row.what, row.extent, row.figure, row.goal, verdict, row.beside)
    return made


def write_json(results: Results, path: Path) -> None:
    """One file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results.as_json(), indent=2) + "\n")


def write_readme(results: Results, path: Path = README) -> None:
    """The part between the marks; the words around it stay."""
    text = path.read_text()
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"{path} has lost the marks between which the figures stand")
    path.write_text(f"{before}{BEGIN}\n{markdown(results)}\n{END}{after}")


def markdown(results: Results) -> str:
    """The same table, and the machine."""
    head = ["| what | of | figure | goal | | beside it |", "|---|---|---|---|---|---|"]
    rows = [
        f"| {row.what} | {row.extent} | {row.figure} | {row.goal} | {row.verdict if row.is_met else '**missed**'} | {row.beside} |"
        for row in results.rows()
    ]
    run = "quick run" if results.is_quick else "full run"
    return "\n".join([f"{_machine(results.machine)} ({run}).", "", *head, *rows])


def _machine(of: Mapping[str, object]) -> str:
    return (
        f"{of['date']}, {of['cpu']}, {of['cores']} cores (load before: {of['load_before']}), {of['ram_gib']} GiB, {of['os']}, kernel {of['kernel']}, "
        f"Python {of['python']}, {of['java']}, HAPI FHIR {of['hapi']}, PostgreSQL {of['postgresql']}"
    )

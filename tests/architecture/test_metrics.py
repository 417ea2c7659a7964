"""Every metric is declared, told to whoever runs Milepost, and used."""

import ast
import re

from plugin.ops.metrics import DECLARED, Kind
from tests.architecture.house import PACKAGES, ROOT, python_files

KINDS = {"count": Kind.COUNTER, "observe": Kind.HISTOGRAM}
FEW_VALUES = {"kind", "outcome", "role", "route", "source", "state", "status", "task"}


def test_documented_equals_declared() -> None:
    """The runbook's table is the list in plugin/ops/metrics.py, with unit and question."""
    rows = re.findall(
        r"^\| `(milepost_\w+)` \| (.*?) \| (.*?) \|$", (ROOT / "deploy/RUNBOOK.md").read_text(), re.MULTILINE
    )

    assert rows == [(metric.exposed, metric.unit, metric.question) for metric in DECLARED]


def test_every_metric_answers_a_question() -> None:
    """A number that answers nothing is not kept."""
    assert [metric.name for metric in DECLARED if "?" not in metric.question or not metric.unit] == []


def test_labels_have_few_values() -> None:
    """No label is an id: a series per patient would be a record of patients."""
    assert {label for metric in DECLARED for label in metric.labels} <= FEW_VALUES


def test_every_counted_metric_is_counted_somewhere() -> None:
    """A counter that nothing adds to stays at zero and reassures nobody rightly."""
    code = "\n".join(file.read_text() for file in python_files(*PACKAGES) if file.name != "metrics.py")
    names = [metric.name for metric in DECLARED if metric.kind is not Kind.GAUGE]

    assert [name for name in names if f'"{name}"' not in code] == []


def counted() -> list[tuple[str, str, frozenset[str]]]:
    """Every place in the code that counts or times: the method, the metric's name, the labels."""
    calls = [
        node
        for file in python_files(*PACKAGES)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in KINDS
        and ast.unparse(node.func.value).endswith("metrics")
    ]
    return [
        (
            call.func.attr if isinstance(call.func, ast.Attribute) else "",
            str(ast.literal_eval(call.args[0])),
            frozenset(word.arg for word in call.keywords if word.arg not in (None, "by")),
        )
        for call in calls
    ]


def test_what_is_counted_is_declared_with_these_labels() -> None:
    """An undeclared name would fail where it is counted, in the middle of a job; here it fails the build."""
    declared = {(metric.kind, metric.name, frozenset(metric.labels)) for metric in DECLARED}
    found = {(KINDS[method], name, labels) for method, name, labels in counted()}

    assert found != set()
    assert found - declared == set()


def test_every_gauge_is_asked_somewhere() -> None:
    """The same for what is asked of the database."""
    code = "\n".join(file.read_text() for file in python_files(*PACKAGES) if file.name != "metrics.py")

    assert [metric.name for metric in DECLARED if metric.kind is Kind.GAUGE and f'"{metric.name}"' not in code] == []

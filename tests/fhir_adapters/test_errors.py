"""Tests of fhir_adapters/errors.py: what an OperationOutcome may say in a message."""

import pytest

from fhir_adapters.errors import outcome_words


def an_outcome(*issues: object) -> dict[str, object]:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (an_outcome({"diagnostics": "HAPI-1094: not found"}), "HAPI-1094: not found"),
        (an_outcome({"details": {"text": "wrong"}, "diagnostics": "here"}), "wrong; here"),
        (an_outcome({"diagnostics": "same"}, {"diagnostics": "same"}), "same"),
        (an_outcome(*({"diagnostics": letter} for letter in "abcde")), "a; b; c"),
        (an_outcome({"details": {"coding": [{"display": "not taken"}]}, "severity": "error"}), ""),
        (an_outcome({"diagnostics": "  \n "}), ""),
        (an_outcome("text", None, {"details": "text", "diagnostics": ["x"]}), ""),
        ({"resourceType": "OperationOutcome", "issue": {"diagnostics": "x"}}, ""),
        ({"resourceType": "OperationOutcome", "text": {"div": "<div>canary</div>"}}, ""),
        ({"resourceType": "Patient", "issue": [{"diagnostics": "canary"}]}, ""),
        (["x"], ""),
        (None, ""),
    ],
)
def test_only_text_and_diagnostics_are_taken(resource: object, words: str) -> None:
    """Of an OperationOutcome two elements, of the first few issues, each once; of anything else nothing."""
    assert outcome_words(resource) == words


def test_control_characters_are_taken_out() -> None:
    """A server cannot forge a second log line or colour a terminal."""
    words = outcome_words(an_outcome({"diagnostics": "one\r\n2026 ERROR two\x1b[31m\x00\u202e\u2028three"}))

    assert words.isprintable()
    assert words == "one 2026 ERROR two[31m three"


def test_long_words_are_shortened() -> None:
    """A stack trace is no message."""
    words = outcome_words(an_outcome({"diagnostics": "x" * 10_000}))

    assert len(words) == 300
    assert words.endswith("…")


@pytest.mark.parametrize("said", ["Bearer abc.def", "bearer  abc.def rejected", "Basic YWJjLmRlZg==", "key s3cr3t"])
def test_credentials_are_taken_out(said: str) -> None:
    """Whatever looks like an Authorization header, and what we know to be secret."""
    words = outcome_words(an_outcome({"diagnostics": said}), secrets=["s3cr3t"])

    assert "***" in words
    assert not any(secret in words for secret in ("abc.def", "YWJj", "s3cr3t"))

"""Scopes: what of a question is granted, and what a token's scopes allow."""

import pytest

from deploy.demo.ehr.scopes import allows, granted

ALLOWED = ("launch", "openid", "patient/*.rs", "system/*.rs", "system/Task.cruds")


@pytest.mark.parametrize(
    ("asked", "context", "had"),
    [
        ("launch openid patient/Patient.r", "patient", "launch openid patient/Patient.r"),
        ("patient/Task.cruds", "patient", "patient/Task.rs"),
        ("patient/Task.read", "patient", "patient/Task.rs"),
        ("patient/*.*", "patient", "patient/*.rs"),
        ("system/Task.cruds system/Patient.cruds", "system", "system/Task.cruds system/Patient.rs"),
        ("system/*.cruds", "system", "system/*.rs"),
        ("system/Patient.rs patient/Patient.rs", "patient", "patient/Patient.rs"),
        ("patient/Patient.rs launch openid", "system", ""),
        ("patient/Task.sr user/Task.rs nonsense patient/Task. patient/Task.rs?code=1", "patient", ""),
        ("fhirUser patient/Task.c", "patient", ""),
        ("launch launch", "patient", "launch"),
    ],
)
def test_a_question_is_cut_down_to_what_the_client_may_have(asked: str, context: str, had: str) -> None:
    """Either version is understood, letters in a wrong order are not, and a person's rights are no system's."""
    assert " ".join(granted(asked, ALLOWED, context)) == had


@pytest.mark.parametrize(
    ("scopes", "context", "type_", "letter", "may"),
    [
        (["patient/Task.rs"], "patient", "Task", "r", True),
        (["patient/Task.rs"], "patient", "Task", "u", False),
        (["patient/Task.rs"], "patient", "Patient", "r", False),
        (["patient/Task.rs"], "system", "Task", "r", False),
        (["patient/*.r"], "patient", "Patient", "r", True),
        (["system/Task.rs"], "system", "*", "s", False),
        (["openid"], "patient", "Patient", "r", False),
    ],
)
def test_a_scope_allows_its_own_type_and_letters(
    scopes: list[str], context: str, type_: str, letter: str, may: bool
) -> None:
    """The whole server is allowed by ``*`` only."""
    assert allows(scopes, context, type_, letter) is may

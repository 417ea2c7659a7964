"""Tests of fhir_adapters/smart/scopes.py."""

import pytest

from fhir_adapters.smart.discovery import Configuration
from fhir_adapters.smart.scopes import for_launch, knows_v2, lacking, missing, spelled
from plugin.domain.rights import Right


def known(scopes: tuple[str, ...] = (), capabilities: tuple[str, ...] = ()) -> Configuration:
    return Configuration(
        token_endpoint="https://auth.test/token", scopes=frozenset(scopes), capabilities=frozenset(capabilities)
    )


@pytest.mark.parametrize(
    ("said", "is_v2"),
    [
        (known(), True),
        (known(capabilities=("permission-v2",)), True),
        (known(capabilities=("permission-v1", "permission-v2")), True),
        (known(capabilities=("permission-v1",)), False),
        (known(scopes=("patient/*.cruds",)), True),
        (known(scopes=("patient/Patient.rs", "patient/Patient.read")), True),
        (known(scopes=("patient/Patient.read", "user/*.*")), False),
        (known(scopes=("openid", "launch")), True),
        (known(scopes=("patient/Patient.read",), capabilities=("permission-v2",)), True),
    ],
)
def test_the_version_is_what_the_server_says(said: Configuration, is_v2: bool) -> None:
    """By its capabilities, else by its scopes; v2 where it says nothing."""
    assert knows_v2(said) is is_v2


def test_v1_is_asked_where_there_is_only_v1() -> None:
    """The same rights, in the older words."""
    rights = [("patient", "Patient", "r"), ("system", "Task", "cruds")]

    assert spelled(rights, known(capabilities=("permission-v1",))) == ["patient/Patient.read", "system/Task.*"]
    assert spelled(rights, known()) == ["patient/Patient.r", "system/Task.cruds"]


def test_a_refresh_token_is_asked_for_where_it_is_offered() -> None:
    """Only for as long as the person is there; `offline_access` never."""
    offered = for_launch((), known(scopes=("online_access", "offline_access")), is_standalone=False)
    not_offered = for_launch((), known(scopes=("openid", "offline_access")), is_standalone=False)

    assert "online_access" in offered
    assert "online_access" not in not_offered
    assert "offline_access" not in (*offered, *not_offered)


@pytest.mark.parametrize(("is_standalone", "first"), [(True, "launch/patient"), (False, "launch")])
def test_the_scopes_of_the_record_replace_ours(is_standalone: bool, first: str) -> None:
    """But for the one that says how the patient comes."""
    own = ("launch", "openid", "user/Patient.read")

    assert for_launch(own, known(), is_standalone=is_standalone) == (first, "openid", "user/Patient.read")


@pytest.mark.parametrize(
    "granted",
    [
        "patient/Patient.r",
        "patient/Patient.rs",
        "patient/Patient.cruds",
        "patient/*.rs",
        "user/Patient.r",
        "patient/Patient.read",
        "patient/Patient.*",
        "patient/*.*",
    ],
)
def test_what_lets_the_patient_be_read_is_enough(granted: str) -> None:
    """In either version."""
    assert missing(("openid", granted)) == ()


@pytest.mark.parametrize(
    "granted",
    [
        "",
        "system/Patient.r",
        "patient/Patient.s",
        "patient/Patient.cud",
        "patient/Patient.write",
        "patient/Patient.sr",
        "patient/Observation.rs",
        "patient/Patient.r?_id=1",
        "patient/PatientX.r",
    ],
)
def test_what_does_not_is_missing(granted: str) -> None:
    """A wrong order of letters is no permission; nor is one with conditions."""
    assert missing(("openid", granted)) == ("reading the patient",)


@pytest.mark.parametrize(
    ("granted", "is_enough"),
    [
        ("system/Goal.read", True),
        ("system/Goal.rs", True),
        ("system/Goal.cruds", True),
        ("system/*.rs", True),
        ("system/*.*", True),
        ("system/Goal.r", False),
        ("system/Goal.s", False),
        ("system/Goal.write", False),
        ("system/Goal.sr", False),
        ("user/Goal.read", False),
        ("system/CarePlan.read", False),
        ("system/Goal.rs?category=x", False),
        ("openid", False),
    ],
)
def test_a_right_is_there_or_is_said_to_be_missing(granted: str, is_enough: bool) -> None:
    """By what cannot be done without it; another spelling of the same, and a wider one, is enough."""
    said = lacking([Right("system/Goal.read", "read goals")], [granted])

    assert said == (() if is_enough else ("cannot read goals: system/Goal.read was not granted",))

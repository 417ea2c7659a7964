"""Who may do what: the whole table, role by action by class of data."""

import pytest

from plugin.domain.errors import Forbidden, MissingRight
from plugin.domain.permissions import Action, Data, Role, can, check_can, role_words, roles_with

# A letter for what may be done: r read, a act, u undo another's, e edit, p publish, x take away as a file; what has no
# letter may not be done. The classes in two halves: what is said of patients, and what keeps Milepost running.
COLUMNS = (
    *(Data.SCHEDULE, Data.PLAN, Data.RESULTS, Data.NOTES, Data.WORK),
    *(Data.PROGRAMS, Data.PEOPLE, Data.CONFIGURATION, Data.AUDIT),
)
GOLDEN = {
    "administrator": ("", "", "", "", "", "r", "re", "re", "rx"),
    "program-editor": ("r", "r", "", "", "", "repx", "", "r", ""),
    "practice-lead": ("rau", "rau", "rau", "rau", "rau", "repx", "r", "re", "rx"),
    "provider": ("ra", "ra", "ra", "ra", "ra", "r", "", "", ""),
    "coordinator": ("ra", "ra", "ra", "ra", "ra", "r", "", "", ""),
    "coach": ("ra", "ra", "r", "ra", "ra", "r", "", "", ""),
    "scheduler": ("ra", "r", "", "ra", "ra", "r", "", "", ""),
    "medical-assistant": ("ra", "ra", "r", "ra", "ra", "r", "", "", ""),
    "billing": ("r", "r", "", "", "", "", "", "", ""),
    "auditor": ("r", "r", "r", "r", "r", "r", "r", "r", "rx"),
    "a role of the practice": ("",) * 9,
    "": ("",) * 9,
}
LETTERS = {
    Action.READ: "r",
    Action.ACT: "a",
    Action.UNDO: "u",
    Action.EDIT: "e",
    Action.PUBLISH: "p",
    Action.EXPORT: "x",
}


def test_the_table_is_total() -> None:
    """No role, no action and no class of data without its line here."""
    assert GOLDEN.keys() >= set(Role)
    assert set(COLUMNS) == set(Data)
    assert set(LETTERS) == set(Action)


@pytest.mark.parametrize("role", GOLDEN)
def test_what_a_role_may(role: str) -> None:
    """A changed right is changed here too, on purpose; a role that is not known may nothing."""
    rights = tuple("".join(LETTERS[action] for action in Action if can([role], action, data)) for data in COLUMNS)

    assert rights == GOLDEN[role]


def test_billing_sees_no_score() -> None:
    """Billing sees no PHQ-9 (DESIGN §7), and no note."""
    assert not any(can([Role.BILLING], action, data) for action in Action for data in (Data.RESULTS, Data.NOTES))


def test_an_auditor_only_reads() -> None:
    """Everything, and nothing else; the audit log they may take away as a file."""
    allowed = {(action, data) for action in Action for data in Data if can([Role.AUDITOR], action, data)}

    assert allowed == {(Action.READ, data) for data in Data} | {(Action.EXPORT, Data.AUDIT)}


def test_an_administrator_sees_no_patient() -> None:
    """Who connects EHRs and gives roles needs no chart for it."""
    of_patients = (Data.SCHEDULE, Data.PLAN, Data.RESULTS, Data.NOTES, Data.WORK)
    assert not any(can([Role.ADMINISTRATOR], action, data) for action in Action for data in of_patients)


def test_several_roles_add_up() -> None:
    """Whoever has several may do what any of them may; nobody may do more by an unknown one."""
    assert can(["billing", "coach"], Action.READ, Data.RESULTS)
    assert not can(["billing", "scheduler", "unknown"], Action.READ, Data.RESULTS)
    assert not can([], Action.READ, Data.SCHEDULE)


def test_the_refusal_says_why() -> None:
    """What was needed, and who asked."""
    with pytest.raises(Forbidden, match="right to act plan; billing, unknown has none"):
        check_can(["unknown", "billing"], Action.ACT, Data.PLAN)
    with pytest.raises(Forbidden, match="no role has none"):
        check_can([], Action.READ, Data.NOTES)
    with pytest.raises(MissingRight) as missing:
        check_can(["billing"], Action.EDIT, Data.PEOPLE)
    assert (missing.value.action, missing.value.data) == ("edit", "people")


def test_it_is_known_who_has_a_right() -> None:
    """For whoever lacks it: whom to ask for which role."""
    assert roles_with(Action.EDIT, Data.PEOPLE) == [Role.ADMINISTRATOR]
    assert roles_with(Action.UNDO, Data.AUDIT) == []


def test_roles_in_plain_words() -> None:
    """As people say them."""
    assert [role_words(role) for role in ("scheduler", "medical-assistant", "provider", "night-nurse")] == [
        "front desk",
        "medical assistant",
        "provider",
        "night nurse",
    ]

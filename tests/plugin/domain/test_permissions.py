"""Who may do what: the whole table, role by action by class of data."""

import pytest

from plugin.domain.errors import Forbidden
from plugin.domain.permissions import Action, Data, Role, can, check_can, role_words

# A letter for what may be done: r read, a act, u undo another's, e edit; what has no letter may not be done.
COLUMNS = (Data.SCHEDULE, Data.PLAN, Data.RESULTS, Data.NOTES, Data.CONFIGURATION, Data.AUDIT)
GOLDEN = {
    "administrator": ("", "", "", "", "re", "r"),
    "program-editor": ("r", "r", "", "", "re", ""),
    "practice-lead": ("rau", "rau", "rau", "rau", "re", "r"),
    "provider": ("ra", "ra", "ra", "ra", "", ""),
    "coordinator": ("ra", "ra", "ra", "ra", "", ""),
    "coach": ("ra", "ra", "r", "ra", "", ""),
    "scheduler": ("ra", "r", "", "ra", "", ""),
    "medical-assistant": ("ra", "ra", "r", "ra", "", ""),
    "billing": ("r", "r", "", "", "", ""),
    "auditor": ("r", "r", "r", "r", "r", "r"),
    "a role of the practice": ("", "", "", "", "", ""),
    "": ("", "", "", "", "", ""),
}
LETTERS = {Action.READ: "r", Action.ACT: "a", Action.UNDO: "u", Action.EDIT: "e"}


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
    """Everything, and nothing else."""
    assert all(can([Role.AUDITOR], Action.READ, data) for data in Data)
    assert not any(can([Role.AUDITOR], action, data) for action in Action for data in Data if action is not Action.READ)


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


def test_roles_in_plain_words() -> None:
    """As people say them."""
    assert [role_words(role) for role in ("scheduler", "medical-assistant", "provider", "night-nurse")] == [
        "front desk",
        "medical assistant",
        "provider",
        "night nurse",
    ]

"""What a new password must be."""

import pytest

from plugin.domain.password import NAME, account_name, password_fault


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("elevenchars", "12 characters or more"),
        ("", "12 characters or more"),
        ("x" * 201, "at most"),
        ("hello demo-lee 42", "name of your account"),
        ("DEMO-LEE is here", "name of your account"),
        ("passwordpassword", "first that others would try"),
        ("Qwerty1234567", "first that others would try"),
        ("aaaaaaaaaaaa", "first that others would try"),
        ("abababababab", "first that others would try"),
        ("twelve chars", None),
        ("ein Wörtchen mehr", None),
        ("日本語の合言葉は長い方が良い", None),
    ],
)
def test_what_may_be_taken(password: str, words: str | None) -> None:
    """Long, not the account's name, not one of the commonest; any script, spaces, no rules about signs."""
    fault = password_fault(password, "demo-lee")

    assert (fault is None) if words is None else (fault is not None and words in fault)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("n.park", True),
        ("a@b.example", True),
        ("x", False),
        ("-ab", False),
        ("né", False),
        ("a b", False),
        ("a" * 65, False),
    ],
)
def test_names_of_accounts(text: str, is_one: bool) -> None:
    """Small letters, digits and a few signs."""
    assert bool(NAME.fullmatch(text)) is is_one


def test_large_letters_make_no_other_account() -> None:
    """However it is typed."""
    assert account_name("  Demo-LEE ") == "demo-lee"

"""The standard ladder, as data and as the domain has it (DESIGN §5)."""

from plugin.catalog.loader import LADDER, FileCatalog
from plugin.domain.ladder import STANDARD


def test_the_file_says_what_the_domain_falls_back_to() -> None:
    """One truth in two places: a practice without a stored ladder climbs the same."""
    (shipped,) = [v for v in FileCatalog().shipped() if v.kind == LADDER and v.code == "standard"]

    assert FileCatalog().ladder(shipped) == STANDARD


def test_it_leaves_no_hole_and_does_not_overlap() -> None:
    """DESIGN §5: every day past due has its one tier; 15-30 is the third."""
    numbers = {past: STANDARD.tier_at(past) for past in range(400)}

    assert {past for past, tier in numbers.items() if tier is None} == {0}
    assert [past for past, tier in numbers.items() if tier and tier.number == 3] == list(range(15, 31))
    assert sorted({tier.number for tier in numbers.values() if tier}) == [1, 2, 3, 4]

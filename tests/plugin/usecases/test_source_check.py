"""Tests of plugin/usecases/source_check.py: what a source is told to lack."""

from dataclasses import replace

from plugin.domain.source import Source
from plugin.usecases.source_check import Check, what_is_missing
from plugin.usecases.staff_account import keep, sign_out_staff
from tests.builders import World
from tests.fake_staff import TOKENS


def test_a_right_that_was_not_granted_is_said_by_what_it_is_for(world: World) -> None:
    """OpenEMR 8.2 grants less than was asked, and says 200: it is no good sign, and each is one line."""
    source = replace(world.source, kind="openemr")
    words = ["cannot read goals: system/Goal.read was not granted", "cannot read visits: …"]

    checks = list(what_is_missing(world.services, source, world.services.ehr(source), {"lacking": words}))

    assert [check for check in checks if check.what == "rights"] == [Check("rights", False, text) for text in words]


def test_a_staff_account_that_is_not_signed_in_is_no_good_sign(world: World) -> None:
    """Whoever tests the source is told before the first message waits; where messages are not chosen nobody needs one."""
    clinic = replace(world.source, kind="openemr", sink="message")

    def said(source: Source) -> list[tuple[bool, str]]:
        checks = what_is_missing(world.services, source, world.services.ehr(source), {})
        return [(check.is_good, check.words[:20]) for check in checks if check.what == "staff account"]

    nobody = said(clinic)
    keep(world.services, clinic, TOKENS, who="Demo-Messenger, Mo", by="user:1")
    somebody = said(clinic)
    sign_out_staff(world.services, clinic, by="user:1")

    assert nobody == said(clinic) == [(False, "nobody is signed in:")]
    assert somebody == [(True, "signed in as Demo-Me")]
    assert said(replace(clinic, sink="companion")) == []

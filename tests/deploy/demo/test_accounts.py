"""The demo's accounts: one for each kind of work, with a password that only the demo's folder knows."""

from pathlib import Path

from deploy.demo import accounts
from deploy.demo.command import Command
from deploy.demo.place import Place
from plugin.domain.password import NAME, password_fault
from plugin.domain.permissions import RIGHTS


class HeardCommand(Command):
    """Remembers what it was asked to run."""

    def python(self, module: str, *words: str) -> str:
        """Nothing runs."""
        self.log.write_text("\n".join((module, *words)))
        return ""


def test_each_account_can_be_made(tmp_path: Path) -> None:
    """Names and roles are ones that Milepost takes, and the password is refused for none of them."""
    place = Place(tmp_path)
    accounts.invite(HeardCommand({}, place.command_log), place)

    password = accounts.first_password(place)

    assert password
    for one in accounts.ACCOUNTS:
        assert NAME.fullmatch(one.name)
        assert one.role in RIGHTS
        assert password_fault(password, one.name) is None


def test_the_password_is_in_its_file_only(tmp_path: Path) -> None:
    """Its owner alone reads it, no command line holds it, each demo makes another, and clearing takes it."""
    place = Place(tmp_path)
    accounts.invite(HeardCommand({}, place.command_log), place)
    first = accounts.first_password(place)
    assert first is not None
    assert place.first_password.stat().st_mode & 0o077 == 0
    assert first not in place.command_log.read_text()

    accounts.invite(HeardCommand({}, place.command_log), place)
    assert accounts.first_password(place) != first

    place.clear()
    assert accounts.first_password(place) is None

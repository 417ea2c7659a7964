"""Set up one's own sign-in: a password that nobody else knows, an authenticator app, and recovery codes."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from plugin.domain.account import Account, OpenSession
from plugin.domain.audit import AuditEntry
from plugin.domain.errors import BadForm, SessionEnded
from plugin.domain.password import password_fault
from plugin.usecases.admin_session import Current
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services
from plugin.usecases.sign_in import Opened, recovery_hash

RECOVERY_CODES = 8
_LETTERS, _GROUP = 16, 4
"""Of base32: 80 bits, in groups that can be read out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What is set up now."""

    password: bool
    second_factor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was typed."""

    password: str = field(default="", repr=False)
    again: str = field(default="", repr=False)
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """The session under its new token, and the recovery codes: shown this once, kept nowhere."""

    opened: Opened
    recovery_codes: Sequence[str] = field(default=(), repr=False)


def missing_parts(account: Account) -> Parts:
    """What its owner has not set up themselves yet."""
    return Parts(password=account.must_change, second_factor=account.totp_secret is None)


def begin_second_factor(services: Services, token: str, current: Current) -> OpenSession:
    """The session with a secret for a new authenticator app; the one that stands stays until a code of the new one is
    given."""
    if current.session.new_secret is not None:
        return current.session
    session = replace(current.session, new_secret=services.one_time_codes.secret())
    services.sign_ins.renew(token, token, session)
    return session


def set_up(services: Services, token: str, current: Current, parts: Parts, wanted: Wanted, *, origin: str) -> SetUp:
    """Stores what was set up, ends every other session of this person, and opens this one anew. Raises BadForm."""
    now = services.clock()
    step = _step(services, current, wanted) if parts.second_factor else None
    _refuse_faults(services, current.account, parts, wanted, step)
    codes = [_recovery_code(services, number) for number in range(RECOVERY_CODES)] if parts.second_factor else []
    with services.database.begin() as uow:
        account = uow.accounts.of_person(current.person.id, lock=True)
        if account is None or account.password_hash != current.account.password_hash:
            raise SessionEnded("The password was changed meanwhile.")
        account = replace(account, sessions_from=now)
        if parts.password:
            account = replace(account, password_hash=services.passwords.hash(wanted.password), must_change=False)
        if parts.second_factor:
            account = replace(account, totp_secret=current.session.new_secret, last_totp_step=step)
            uow.accounts.keep_recovery(account.person_id, [recovery_hash(code) for code in codes])
        uow.accounts.update(account)
        _write(services, uow, current, parts, origin)
        uow.commit()
    opened = _opened_anew(services, token, replace(current.session, is_complete=account.is_set_up))
    return SetUp(opened=opened, recovery_codes=codes)


def _step(services: Services, current: Current, wanted: Wanted) -> int | None:
    secret = current.session.new_secret
    return None if secret is None else services.one_time_codes.step(secret, wanted.code, services.clock())


def _refuse_faults(services: Services, account: Account, parts: Parts, wanted: Wanted, step: int | None) -> None:
    wrong: dict[str, str] = {}
    if parts.password:
        fault = password_fault(wanted.password, account.name)
        if fault is None and services.passwords.is_right(wanted.password, account.password_hash):
            fault = "This is the password that you have. Use another one."
        if fault is not None:
            wrong["password"] = fault
        elif wanted.password != wanted.again:
            wrong["again"] = "The two are not the same. Type both once more."
    if parts.second_factor and step is None:
        wrong["code"] = "This is not the code that the app shows now. Wait for the next one, and type that."
    if wrong:
        raise BadForm(wrong)


def _opened_anew(services: Services, token: str, session: OpenSession) -> Opened:
    """Everything that is known of it may have been seen by somebody who knew the old password."""
    now = services.clock()
    anew = replace(session, csrf=services.token(), signed_in_at=now, proven_at=now, new_secret=None)
    opened = Opened(token=services.token(), session=anew)
    services.sign_ins.renew(token, opened.token, opened.session)
    return opened


def _recovery_code(services: Services, number: int) -> str:
    letters = base64.b32encode(sha256(f"{number} {services.token()}".encode()).digest()).decode().lower()
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LETTERS, _GROUP))


def _write(services: Services, uow: UnitOfWork, current: Current, parts: Parts, origin: str) -> None:
    detail: Mapping[str, object] = {
        "session": current.session.id,
        "from": origin,
        "password": parts.password,
        "second_factor": parts.second_factor,
    }
    entry = AuditEntry(
        at=services.clock(),
        who=current.person.who,
        action="set-up-sign-in",
        record=f"person/{current.person.id}",
        detail=detail,
    )
    uow.audit.write([entry])

"""Sign in to the admin pages with a name, a password and a code; and prove it once more while signed in.

Whoever is refused is told one and the same thing, after the same work: not whether the account exists, nor which part
was wrong. What it was stands in the audit log, in which a flood of attempts leaves few rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256

from plugin.domain.account import Account, OpenSession, SignedIn
from plugin.domain.audit import AuditEntry
from plugin.domain.password import NAME, account_name
from plugin.domain.person import Person
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

LONGEST = timedelta(hours=10)
"""However busy, a session ends then: a long shift."""
ATTEMPTS_FROM_ONE_ADDRESS = 100
"""In ``_WITHIN``: a practice may be one address, and everybody comes at eight."""

_WITHIN = timedelta(minutes=5)
_ROWS_EACH = 10
_ROWS_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What somebody gave to get in. ``code`` is the app's, a recovery code, or empty at the first time."""

    name: str
    password: str = field(repr=False)
    code: str = field(repr=False)
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session, and what opens it."""

    token: str = field(repr=False)
    session: OpenSession


@dataclass(frozen=True, slots=True)
class _Good:
    """Who it is, with the code taken: it is good once."""

    account: Account
    person: Person
    is_recovery: bool = False


@dataclass(frozen=True, slots=True)
class _Bad:
    """Why not, and whose account it would have been."""

    why: str
    account: Account | None = None
    counts: bool = False
    """It was a guess: too many of them close the account for a while."""


def sign_in(services: Services, attempt: Attempt, *, instead_of: str | None = None) -> Opened | None:
    """A new session, under a token that was never there before; None when it was refused. The session that this browser
    had until then (``instead_of``) is over."""
    session = services.token()
    good = _checked(services, attempt, "sign-in", session)
    if good is None:
        return None
    opened = Opened(token=services.token(), session=_new_session(services, good.account, session))
    if instead_of is not None:
        services.sign_ins.end(instead_of)
    services.sign_ins.open(opened.token, opened.session)
    return opened


def prove(services: Services, who: SignedIn, token: str, attempt: Attempt) -> Opened | None:
    """Password and code once more: the same session under a new token. None when they were refused; that counts as a
    refused sign-in does."""
    now = services.clock()
    session = services.sign_ins.session(token, now)
    with services.database.begin(reading=True) as uow:
        account = uow.accounts.of_person(who.person_id)
    if session is None or account is None:
        return None
    if _checked(services, replace(attempt, name=account.name), "prove", who.session) is None:
        return None
    opened = Opened(token=services.token(), session=replace(session, proven_at=now))
    services.sign_ins.renew(token, opened.token, opened.session)
    return opened


def recovery_hash(code: str) -> str:
    """As it is stored: however it was typed."""
    plain = "".join(character for character in code.casefold() if character.isalnum())
    return sha256(plain.encode()).hexdigest()


def _new_session(services: Services, account: Account, id_: str) -> OpenSession:
    now = services.clock()
    return OpenSession(
        id=id_,
        person_id=account.person_id,
        csrf=services.token(),
        signed_in_at=now,
        proven_at=now,
        ends_at=now + LONGEST,
        is_complete=account.is_set_up,
        new_secret=None if account.totp_secret else services.one_time_codes.secret(),
    )


def _checked(services: Services, attempt: Attempt, what: str, session: str) -> _Good | None:
    """Compares the password while nothing is locked, and decides over what stands then."""
    if services.sign_ins.count("attempts", attempt.origin, _WITHIN) > ATTEMPTS_FROM_ONE_ADDRESS:
        _tell_refused(services, _Bad("too-many"), attempt, what)
        return None
    with services.database.begin(reading=True) as uow:
        seen = _account(uow, attempt)
    is_right = services.passwords.is_right(attempt.password, seen.password_hash if seen else None)
    with services.database.begin() as uow:
        found = _found(services, uow, attempt, seen if is_right else None)
        if isinstance(found, _Good):
            _write_good(services, uow, found, attempt, (what, session))
        elif found.account is not None and found.counts:
            _write_guess(services, uow, found.account, attempt, (what, found.why))
        uow.commit()
    if isinstance(found, _Good):
        return found
    if not found.counts:
        _tell_refused(services, found, attempt, what)
    return None


def _account(uow: UnitOfWork, attempt: Attempt, *, lock: bool = False) -> Account | None:
    """What cannot be a name is not even looked for."""
    name = account_name(attempt.name)
    return uow.accounts.by_name(name, lock=lock) if NAME.fullmatch(name) else None


def _found(services: Services, uow: UnitOfWork, attempt: Attempt, right: Account | None) -> _Good | _Bad:
    """``right`` is the account as it was when the password fitted it. Of many who guess at once, those who come after
    the account was closed are refused, whatever they guessed."""
    now = services.clock()
    account = _account(uow, attempt, lock=True)
    if account is None:
        return _Bad("unknown")
    if account.is_locked(now):
        return _Bad("locked", account)
    if right is None or right.password_hash != account.password_hash:
        return _Bad("password", account, counts=True)
    person = uow.people.get(account.person_id)
    if person.is_disabled:
        return _Bad("disabled", account)
    good = replace(account, failures=0, locked_until=None)
    if account.totp_secret is None:
        return _Good(good, person)
    step = services.one_time_codes.step(account.totp_secret, attempt.code, now)
    if step is not None and step > (account.last_totp_step or 0):
        return _Good(replace(good, last_totp_step=step), person)
    if attempt.code and uow.accounts.take_recovery(account.person_id, recovery_hash(attempt.code)):
        return _Good(good, person, is_recovery=True)
    return _Bad("code", account, counts=True)


def _write_good(
    services: Services, uow: UnitOfWork, good: _Good, attempt: Attempt, what_and_session: tuple[str, str]
) -> None:
    uow.accounts.update(good.account)
    what, session = what_and_session
    by = "recovery-code" if good.is_recovery else "code" if good.account.totp_secret else "password"
    detail = {"session": session, "from": attempt.origin, "by": by}
    uow.audit.write([_row(services, good.person.who, what, good.account, detail)])


def _write_guess(
    services: Services, uow: UnitOfWork, account: Account, attempt: Attempt, what_and_why: tuple[str, str]
) -> None:
    """The pauses that grow keep these rows few."""
    after = account.refused(services.clock())
    uow.accounts.update(after)
    what, why = what_and_why
    detail = {"from": attempt.origin}
    if after.locked_until != account.locked_until and after.locked_until is not None:
        detail["locked_until"] = after.locked_until.isoformat(timespec="seconds")
    uow.audit.write([_row(services, "unknown", f"{what}-refused", account, detail, why=why)])


def _tell_refused(services: Services, bad: _Bad, attempt: Attempt, what: str) -> None:
    """What changes nothing may come in any number: after the first ten in an hour, a row only each time that they have
    doubled. The name that was typed stands nowhere: it may have been the password."""
    whose = "nobody" if bad.account is None else str(bad.account.person_id)
    times = services.sign_ins.count("refused", f"{bad.why} {whose}", _ROWS_WITHIN)
    if times > _ROWS_EACH and times & (times - 1):
        return
    detail = {"from": attempt.origin, "times_this_hour": times}
    with services.database.begin() as uow:
        uow.audit.write([_row(services, "unknown", f"{what}-refused", bad.account, detail, why=bad.why)])
        uow.commit()


def _row(
    services: Services, who: str, action: str, account: Account | None, detail: Mapping[str, object], why: str = ""
) -> AuditEntry:
    record = f"person/{account.person_id}" if account else "admin"
    return AuditEntry(at=services.clock(), who=who, action=action, record=record, why=why, detail=detail)

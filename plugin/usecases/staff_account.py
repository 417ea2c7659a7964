"""The staff account of a source: kept when somebody has signed in, renewed for all workers, ended when the EHR says so.

OpenEMR 8.2: a refresh revokes the access token before it at once, and a refresh token is good for once (recordings 274
to 276). So one worker at a time gets new tokens, and stores them before anybody uses them. It takes its turn by compare
and set, with an end: of a worker that died meanwhile, another tries with the old refresh token; where that was used up,
the account has ended and the page says that somebody must sign in again.

A session that was ended there still gives new tokens, and refuses each of them with 400 (421, 425, 436). A token that
is new and refused is therefore never replaced, and that answer ends the account here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plugin.domain.audit import AuditEntry
from plugin.domain.errors import LaunchRefused, RecordBusy, Unauthorized
from plugin.domain.launch import Tokens
from plugin.domain.source import Source
from plugin.domain.staff_account import EndedBecause, StaffAccount
from plugin.usecases.ports import Clock, Database, UnitOfWork
from plugin.usecases.services import Services

EARLY = timedelta(minutes=1)
"""A token that runs out so soon is replaced before it is used."""
NEW = timedelta(minutes=5)
"""A token that is refused at this age is not refused for its age."""
TURN = timedelta(minutes=1)
"""Longer than an authorization server may take to answer (fhir_adapters/smart/calls.py)."""
_MOST_WAITING = 100
_PAUSE = timedelta(seconds=0.2)

Refresh = Callable[[Tokens], Tokens]
"""Gets new tokens for old ones. Raises Unauthorized or LaunchRefused when the server takes these no more."""


def keep(
    services: Services,
    source: Source,
    tokens: Tokens,
    *,
    who: str,
    by: str,
    told: Mapping[str, object] | None = None,
) -> StaffAccount:
    """Somebody has signed in for this source (``who`` in the EHR, ``by`` here); what waited for it is sent at once."""
    now = services.clock()
    account = StaffAccount(source_id=source.id, who=who, tokens=tokens, since=now, got_at=now)
    detail = {**(told or {}), "who": who, "scopes": list(tokens.scopes)}
    with services.database.begin() as uow:
        uow.staff_accounts.keep(account)
        uow.ledger.again(source, now)
        uow.audit.write([_audit("sign-in-staff", source, now, by=by, detail=detail)])
        uow.commit()
    services.jobs.deliver()
    return account


def sign_out_staff(services: Services, source: Source, *, by: str, told: Mapping[str, object] | None = None) -> None:
    """Its tokens are forgotten here; there is no way to tell OpenEMR (8.2 has no revocation endpoint). What is to be sent
    waits for the next sign-in."""
    with services.database.begin() as uow:
        account = uow.staff_accounts.get(source)
        if account is not None:
            _end(uow, source, account, EndedBecause.SIGNED_OUT, services.clock(), by=by, told=told)
        uow.commit()


def account_of(services: Services, source: Source) -> StaffAccount | None:
    """For the source's page: who, since when, with which scopes, until when and why not. Its tokens are not in it."""
    with services.database.begin(reading=True) as uow:
        account = uow.staff_accounts.get(source)
    return None if account is None else replace(account, tokens=replace(account.tokens, access="", refresh=None))


@dataclass(frozen=True)
class StaffTokens:
    """See fhir_adapters/sinks/staff_auth.py. ``worker`` names this process and thread, and is never given twice."""

    database: Database
    source: Source
    refresh: Refresh
    clock: Clock
    worker: Callable[[], str]
    sleep: Callable[[float], None] = time.sleep

    def current(self) -> str:
        """The one that is good now. Unauthorized when nobody is signed in."""
        account = self._account()
        if account.tokens.expires_at - EARLY > self.clock():
            return account.tokens.access
        return self._renewed(account).tokens.access

    def replaced(self, token: str) -> bool:
        """Whether there is another one now for one that was refused."""
        try:
            account = self._account()
            if account.tokens.access != token:
                return True
            if self.clock() - account.got_at < NEW:
                return False
            self._renewed(account)
        except Unauthorized:
            return False
        return True

    def session_is_over(self, token: str | None = None) -> None:
        """The EHR says so, whatever it says to a refresh. Of a token that is another's by now (somebody has signed in anew
        while we asked) it says nothing of the present one."""
        account = self._account()
        if token is None or token == account.tokens.access:
            self._ended(account, EndedBecause.REVOKED)

    def _account(self) -> StaffAccount:
        with self.database.begin(reading=True) as uow:
            account = uow.staff_accounts.get(self.source)
        if account is None or account.ended is not None:
            how = "nobody has signed in" if account is None else f"its sign-in has ended ({account.why})"
            raise Unauthorized(f"Source {self.source.slug}: {how}; an administrator signs in on the source's page.")
        return account

    def _renewed(self, account: StaffAccount) -> StaffAccount:
        """By us, or by whoever has the turn: then what they got is taken."""
        worker = self.worker()
        for _ in range(_MOST_WAITING):
            if self._take_turn(account, worker):
                return self._renew(account, worker)
            self.sleep(_PAUSE.total_seconds())
            now = self._account()
            if now.got_at != account.got_at:
                return now
        raise RecordBusy(f"Source {self.source.slug}: its staff account is being renewed by another worker.")

    def _take_turn(self, account: StaffAccount, worker: str) -> bool:
        now = self.clock()
        with self.database.begin() as uow:
            is_ours = uow.staff_accounts.take_turn(account, worker, now + TURN, now)
            uow.commit()
        return is_ours

    def _renew(self, account: StaffAccount, worker: str) -> StaffAccount:
        try:
            tokens = self.refresh(account.tokens)
        except (LaunchRefused, Unauthorized) as refusal:
            broke_off = account.renewing is not None
            self._ended(account, EndedBecause.INTERRUPTED if broke_off else EndedBecause.REFUSED)
            raise Unauthorized(
                f"Source {self.source.slug}: its sign-in has ended; somebody must sign in again."
            ) from refusal
        except Exception:
            self._give_up(account, worker)
            raise
        new = replace(account, tokens=_merged(account.tokens, tokens), got_at=self.clock())
        with self.database.begin() as uow:
            is_kept = uow.staff_accounts.renewed(new, worker)
            uow.commit()
        if not is_kept:
            raise RecordBusy(f"Source {self.source.slug}: another worker has renewed its staff account meanwhile.")
        if not _rights(account.tokens) <= _rights(new.tokens):
            self._ended(new, EndedBecause.SCOPE)
            raise Unauthorized(f"Source {self.source.slug}: its staff account may do less than before.")
        return new

    def _give_up(self, account: StaffAccount, worker: str) -> None:
        """Nobody knows whether the old refresh token was used up; the next try will show it."""
        with self.database.begin() as uow:
            uow.staff_accounts.give_up_turn(account, worker)
            uow.commit()

    def _ended(self, account: StaffAccount, why: EndedBecause) -> None:
        with self.database.begin() as uow:
            _end(uow, self.source, account, why, self.clock(), by="milepost", told=None)
            uow.commit()


def _rights(tokens: Tokens) -> set[str]:
    """What it lets us do. OpenEMR 8.2 puts other words among the scopes as well: after a sign-in, ``nonce``."""
    return {scope for scope in tokens.scopes if "/" in scope}


def _merged(old: Tokens, new: Tokens) -> Tokens:
    """What an answer leaves out stays (RFC 6749, 6)."""
    return replace(new, refresh=new.refresh or old.refresh, scopes=new.scopes or old.scopes)


def _end(
    uow: UnitOfWork,
    source: Source,
    account: StaffAccount,
    why: EndedBecause,
    now: datetime,
    *,
    by: str,
    told: Mapping[str, object] | None,
) -> None:
    if uow.staff_accounts.end(account, why, now):
        detail = {**(told or {}), "who": account.who, "why": why.value}
        uow.audit.write([_audit("end-staff-sign-in", source, now, by=by, detail=detail)])


def _audit(action: str, source: Source, now: datetime, *, by: str, detail: Mapping[str, object]) -> AuditEntry:
    return AuditEntry(at=now, who=by, action=action, record=f"source/{source.slug}", detail=dict(detail))

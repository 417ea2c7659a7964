"""Sends drafts in transactions, finds the culprit of one that fails, and learns what became of one that went
unanswered.

Every draft is a PUT to an id of ours, so sending it again does no more than sending it once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from fhir_adapters.http import FhirHttp, etag_of, version_of
from fhir_adapters.writeback.drafts import digest_of
from fhir_adapters.writeback.provenance import without_targets
from plugin.domain.errors import (
    MilepostError,
    Refused,
    TemporaryFailure,
    TooLarge,
    Unauthorized,
    VersionConflict,
)
from plugin.domain.source import Draft, Written

DEFAULT_SIZE = 100
"""Entries of a transaction. HAPI is faster with 200, but a longer transaction widens the window in which its resources
carry an older stamp than others that are seen before them (DESIGN §10)."""

_MOST_IN_A_ROW = 3
"""So many entries that each cause a 500 alone, with none written between them: then it is the server."""


def send(http: FhirHttp, drafts: Sequence[Draft], *, size: int = DEFAULT_SIZE) -> list[Written]:
    """One answer for each draft, in their order. Drafts must come with what is referred to first, each reference once.

    A draft that the server refuses has its words as error; one that lost a race is marked as a conflict. When the server
    cannot be reached or does not let us in, the failure is raised if nothing was answered yet; otherwise what is left
    is answered with it.
    """
    if len({draft.ref for draft in drafts}) != len(drafts):
        raise ValueError("A resource is to be written twice in one sending.")
    sending = _Sending(http)
    for batch in _batches(drafts, size):
        try:
            sending.write(batch)
        except MilepostError as failure:
            if not sending.answers:
                raise
            sending.give_up(drafts, failure)
            break
    return [sending.answers[draft.ref] for draft in drafts]


class _Standing(NamedTuple):
    """What stands on the server under one reference."""

    version: str | None
    digest: str


class _Sending:
    def __init__(self, http: FhirHttp) -> None:
        self.answers: dict[str, Written] = {}
        self._http = http
        self._failed_in_a_row = 0

    def write(self, batch: Sequence[Draft], *, patiently: bool = True) -> None:
        """Answers every draft of the batch, or raises what concerns the server as a whole. ``patiently``: tried several
        times, with pauses, where the failure is temporary."""
        batch = self._with_targets(batch)
        if not batch:
            return
        try:
            reply = self._http.transaction(_bundle(batch), repeatable=patiently)
        except Unauthorized:
            raise
        except VersionConflict as failure:
            self._decide_again(batch, failure)
        except (Refused, TooLarge) as failure:
            self._halve(batch, failure)
        except TemporaryFailure as failure:
            self._after_silence(batch, failure)
        else:
            self._failed_in_a_row = 0
            for draft, entry in zip(batch, reply.resource["entry"], strict=True):
                self._answer(draft, version=_version_in(entry))

    def give_up(self, drafts: Iterable[Draft], failure: MilepostError) -> None:
        """Answers all that have no answer yet: not their fault, so to be tried again."""
        for draft in drafts:
            if draft.ref not in self.answers:
                words = f"{draft.ref}: {failure}"
                self.answers[draft.ref] = Written(draft.ref, None, error=words, temporary=True)

    def _decide_again(self, batch: Sequence[Draft], failure: MilepostError) -> None:
        """A conflict may be one with ourselves: an earlier try was written, and its answer lost."""
        left = self._settle(batch)
        if len(left) < len(batch):
            self.write(left)
        elif len(batch) == 1:
            self._conflict(batch[0], f"{batch[0].ref}: {failure}")
        else:
            self._halve(batch, failure)

    def _after_silence(self, batch: Sequence[Draft], failure: TemporaryFailure) -> None:
        """No answer, or a 5xx: it may have been written all the same. A server that can be read, but answers one batch
        with 500 each time, has met an entry that it cannot take."""
        try:
            left = self._settle(batch, conflicts=False)
        except TemporaryFailure:
            raise failure from None
        if not left:
            return
        if failure.status_code != 500 or self._failed_in_a_row >= _MOST_IN_A_ROW:
            raise failure
        if len(left) == 1:
            self._failed_in_a_row += 1
        self._halve(left, failure, patiently=False)

    def _halve(self, batch: Sequence[Draft], failure: MilepostError, *, patiently: bool = True) -> None:
        if len(batch) == 1:
            self._refuse(batch[0], failure)
            return
        middle = len(batch) // 2
        self.write(batch[:middle], patiently=patiently)
        self.write(batch[middle:], patiently=patiently)

    def _settle(self, batch: Sequence[Draft], *, conflicts: bool = True) -> list[Draft]:
        """Answers the drafts that stand as they were sent and, with ``conflicts``, those that someone else has changed;
        the rest is returned."""
        standing = self._read(batch)
        left = []
        for draft in batch:
            there = standing.get(draft.ref)
            if there is not None and there.digest == draft.digest:
                self._answer(draft, version=there.version)
            elif conflicts and draft.if_match is not None and (there is None or there.version != draft.if_match):
                found = "it has been deleted" if there is None else f"version {there.version} stands there"
                self._conflict(draft, f"{draft.ref}: not written over version {draft.if_match}, {found}.")
            else:
                left.append(draft)
        return left

    def _read(self, batch: Sequence[Draft]) -> dict[str, _Standing]:
        """By id, in one batch: a search may give an answer that is a minute old."""
        gets = [{"request": {"method": "GET", "url": draft.ref}} for draft in batch]
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": gets}
        entries = self._http.transaction(bundle, repeatable=True).resource["entry"]
        found = ((draft.ref, _standing(entry)) for draft, entry in zip(batch, entries, strict=True))
        return {ref: there for ref, there in found if there is not None}

    def _with_targets(self, batch: Sequence[Draft]) -> list[Draft]:
        """The batch, in which no Provenance names what was not written: it would be refused, or untrue."""
        failed = frozenset(ref for ref, written in self.answers.items() if written.error is not None)
        if not failed:
            return list(batch)
        return [pruned for draft in batch if (pruned := self._pruned(draft, failed)) is not None]

    def _pruned(self, draft: Draft, failed: frozenset[str]) -> Draft | None:
        if not draft.ref.startswith("Provenance/"):
            return draft
        body = without_targets(draft.body, failed)
        if body is None:
            self.answers[draft.ref] = Written(draft.ref, None, error=f"{draft.ref}: nothing that it names was written.")
            return None
        return replace(draft, body=body, digest=digest_of(body))

    def _answer(self, draft: Draft, *, version: str | None) -> None:
        self.answers[draft.ref] = Written(draft.ref, version)

    def _conflict(self, draft: Draft, words: str) -> None:
        self.answers[draft.ref] = Written(draft.ref, None, error=words, conflict=True)

    def _refuse(self, draft: Draft, failure: MilepostError) -> None:
        temporary = isinstance(failure, TemporaryFailure)
        self.answers[draft.ref] = Written(draft.ref, None, error=f"{draft.ref}: {failure}", temporary=temporary)


def _batches(drafts: Sequence[Draft], size: int) -> Iterator[Sequence[Draft]]:
    """Of at most so many, cut after a Provenance wherever that can be: what is written and the word of who wrote it stand
    or fall together."""
    start = 0
    while start < len(drafts):
        end = min(start + size, len(drafts))
        if end < len(drafts):
            told = (at for at in range(end, start, -1) if drafts[at - 1].ref.startswith("Provenance/"))
            end = next(told, end)
        yield drafts[start:end]
        start = end


def _bundle(batch: Sequence[Draft]) -> dict[str, object]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(draft) for draft in batch]}


def _entry(draft: Draft) -> dict[str, object]:
    request = {"method": "PUT", "url": draft.ref}
    if draft.if_match is not None:
        request["ifMatch"] = etag_of(draft.if_match)
    return {"resource": draft.body, "request": request}


def _version_in(entry: object) -> str | None:
    """HAPI gives the etag of an entry as a bare number, others as R4 says."""
    return version_of(_part(entry, "response").get("etag"))


def _standing(entry: object) -> _Standing | None:
    resource = _part(entry, "resource")
    if not str(_part(entry, "response").get("status", "")).startswith("200") or not resource:
        return None
    version = _part(resource, "meta").get("versionId")
    return _Standing(version if isinstance(version, str) else None, digest_of(resource))


def _part(holder: object, name: str) -> Mapping[str, object]:
    part = holder.get(name) if isinstance(holder, dict) else None
    return part if isinstance(part, dict) else {}

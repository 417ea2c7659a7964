"""Messages in the inboxes of OpenEMR's staff: one for each open gap, kept up to date and closed with it.

OpenEMR 8.2 lets messages be written, but never read (recording 237), and it says yes to nearly everything: a number
that is nobody's chart, a recipient that does not exist, an addition to a message that is not there or hangs on another
chart (229 to 231, 235, 236). So:

* **Whose chart.** The chart's number is asked for by the patient's id right before each message, from an answer that
  names that id, and asked for once more right after it. Where the two differ, what was just sent is deleted, and it is
  sent again later. Where the number is another than at the message before, the old message is deleted wherever it hangs
  by now, and a new one goes to the right chart.
* **Lost answers.** Before anything is sent, what is about to be said is stored as asked for. If no answer comes, it is
  sent again with the same number in its title (`MP-` and six characters, from the gap itself), saying that it replaces any
  earlier message of that number. So nothing is lost, and what may be there twice says so. A gap that closes before its
  unanswered message is known to be there gets one more message, which says how to close the other.
* **A lost database.** What stands in the inboxes cannot be found again. The new database writes each open gap once more,
  under the same number; the staff closes the older of the two.

Task and Flag have no use in an inbox: such writes need nothing here, and count as done (`draft` answers None).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from fhir_adapters.sinks import staff_words
from fhir_adapters.sinks.staff_words import Wanted
from fhir_adapters.sinks.standard_api import Letter, StandardApi, Unanswered
from fhir_adapters.writeback import digest_of
from plugin.domain.errors import CannotDo, MilepostError, NotFound, PermanentFailure, TemporaryFailure, Unauthorized
from plugin.domain.ledger import LedgerRow
from plugin.domain.source import Draft, HowToTakeBack, Source, Standing, TakenBack, Written
from plugin.domain.staff_message import SENDER, SENT_BY, ChartNumber, StaffMessage, inbox_of
from plugin.domain.writes import gap_ref, notice_ref

_DEVICE = "Device/milepost"
_NEEDS_NOTHING = frozenset({"task", "flag"})
_TAKEN_BACK = "Message"


class ChartMoved(TemporaryFailure):
    """Of one message: it is sent again later, to the right chart."""


class MessageBook(Protocol):
    """What is remembered of a source's messages; each call is a transaction of its own."""

    def of(self, refs: Sequence[str]) -> Mapping[str, StaffMessage]:
        """By what they stand for."""

    def of_step(self, step: str) -> Sequence[StaffMessage]:
        """All about one step."""

    def all(self) -> Sequence[StaffMessage]:
        """All of the source."""

    def save(self, message: StaffMessage) -> None:
        """Over the one of the same reference."""

    def forget(self, ref: str) -> None:
        """It was deleted there."""


class StaffMessages:
    """The port ``TaskSink``. ``zone`` says which day it is, unless the source has a zone of its own."""

    def __init__(
        self,
        api: StandardApi,
        *,
        source: Source,
        book: MessageBook,
        clock: Callable[[], datetime],
        zone: ZoneInfo,
        public_url: str | None = None,
    ) -> None:
        self._api = api
        self._inbox = source.inbox
        self._book = book
        self._clock = clock
        self._zone = ZoneInfo(source.zone) if source.zone else zone
        self._public_url = public_url

    # ---------------------------------------------------------------------------------------------- what is to stand
    def draft(self, row: LedgerRow) -> Draft | None:
        if row.what in _NEEDS_NOTHING:
            return None
        content = row.content or {}
        owner, role = content.get("recipient") or content.get("owner"), content.get("role")
        to = inbox_of(self._inbox, _text(owner), _text(role))
        if to is None:
            raise CannotDo(f"{row.what}: nobody's inbox is named for it, and none for the coordinator.")
        wanted, ref = self._wanted(row, to)
        return Draft(ref=ref, body=wanted.as_body(), digest=digest_of(wanted.said), by=row.by)

    def device(self) -> Draft:
        """Messages have no author but the account. That it is known marks a source as begun."""
        body = {"sink": "message"}
        return Draft(ref=_DEVICE, body=body, digest=digest_of(body))

    def accompanied(self, drafts: Sequence[Draft], at: datetime) -> Sequence[Draft]:
        """OpenEMR writes down itself who sent what."""
        return drafts

    def authors(self, ref: str, version: str) -> Sequence[str]:
        return ()

    def ours(self) -> Iterator[Sequence[Standing]]:
        """Messages cannot be read (recording 237)."""
        return iter(())

    def standing(self, refs: Sequence[str]) -> Sequence[Standing]:
        """As far as we were told: of what was not answered for, nothing is known to stand."""
        return [
            Standing(ref, str(known.revision), known.said)
            for ref, known in self._book.of(refs).items()
            if known.said and not known.asked
        ]

    # -------------------------------------------------------------------------------------------------------- writing
    def write(self, drafts: Sequence[Draft]) -> Sequence[Written]:
        """One by one; what one patient's chart refuses stops no other. When the server does not answer or lets us in no
        more, the failure is raised if nothing was written yet; otherwise what is left is answered with it."""
        answers: list[Written] = []
        for place, draft in enumerate(drafts):
            try:
                answers.append(self._write(draft))
            except (TemporaryFailure, Unauthorized) as failure:
                if not any(answer.version for answer in answers):
                    raise
                left = (Written(d.ref, None, error=f"{d.ref}: {failure}", temporary=True) for d in drafts[place:])
                return [*answers, *left]
        return answers

    def take_back(self, how: HowToTakeBack) -> Iterator[TakenBack]:
        """Open messages are closed; or all that we know of are deleted."""
        for known in self._book.all():
            if known.mid is None or not (known.is_open or how == "delete"):
                continue
            try:
                self._taken_back(known, how)
            except Unauthorized:
                raise
            except PermanentFailure as failure:
                yield TakenBack(_TAKEN_BACK, 0, (f"{known.ref}: {failure}",))
            else:
                yield TakenBack(_TAKEN_BACK, 1)

    def ours_by_type(self) -> Mapping[str, int]:
        count = sum(known.mid is not None for known in self._book.all())
        return {_TAKEN_BACK: count} if count else {}

    def close(self) -> None:
        self._api.close()

    def _write(self, draft: Draft) -> Written:
        if draft.ref == _DEVICE:
            return Written(draft.ref, "1")
        wanted = Wanted.from_body(draft.body)
        known = self._known(draft.ref, wanted)
        try:
            if wanted.is_open:
                done = self._told(known, wanted, draft) or self._open(known, wanted, draft)
            else:
                done = self._close(known, wanted, draft)
        except Unauthorized:
            raise
        except (ChartMoved, PermanentFailure) as failure:
            is_temporary = isinstance(failure, ChartMoved)
            return Written(draft.ref, None, error=f"{draft.ref}: {failure}", temporary=is_temporary)
        return Written(draft.ref, str(done.revision))

    def _known(self, ref: str, wanted: Wanted) -> StaffMessage:
        fresh = StaffMessage(ref=ref, patient=wanted.patient, step=wanted.step, at=self._clock())
        return self._book.of([ref]).get(ref, fresh)

    def _in_its_chart(self, known: StaffMessage, wanted: Wanted) -> StaffMessage:
        """What is known of the message, in the chart that is the patient's now. One that was written to another number is
        taken away, and counts no more: under the old number, which may be another patient's by now, and under the new
        one, to which it may have moved along."""
        chart = self._api.chart_of(wanted.patient)
        has_moved = known.chart is not None and known.chart != chart
        if has_moved or known.patient != wanted.patient:
            for place in {known.chart, chart} if known.is_open or known.is_unchecked else ():
                self._withdraw(known, place)
            known = self._taken_away(replace(known, patient=wanted.patient))
        return replace(known, chart=chart)

    @staticmethod
    def _taken_away(message: StaffMessage) -> StaffMessage:
        """It stands nowhere any more. Of one that was never answered for nobody knows that: the next one says so."""
        asked = message.asked if message.is_unknown else ""
        return replace(message, mid=None, is_open=False, said="", asked=asked)

    def _withdraw(self, message: StaffMessage, chart: ChartNumber | None) -> None:
        """It may be seen in another's chart: it is taken out of it and of the inbox. Of a message that does not hang there
        OpenEMR says yes as well, and does nothing (recording 238)."""
        if message.mid is None or chart is None:
            return
        try:
            self._api.delete(chart, message.mid)
        except Unauthorized:
            raise
        except PermanentFailure:
            self._api.add(chart, message.mid, self._letter(message, staff_words.WITHDRAWN, is_done=True))

    def _open(self, known: StaffMessage, wanted: Wanted, draft: Draft) -> StaffMessage:
        known = self._in_its_chart(known, wanted)
        if known.is_unchecked and known.said == draft.digest:
            return self._settled(known)
        asked = replace(known, to=wanted.to, asked=draft.digest, at=self._clock())
        page = self._page(wanted)
        if known.is_open and known.mid is not None:
            words = staff_words.more_words(wanted, self._today(), page)
            is_again = known.asked == draft.digest  # it was sent, and nobody answered
            return self._say(known, asked, staff_words.said_again(words) if is_again else words)
        words = staff_words.first_words(wanted, self._today(), page)
        words = staff_words.sent_again(words, known.number) if known.is_unknown else words
        return self._say(known, replace(asked, mid=None, is_open=True), words)

    def _told(self, known: StaffMessage, wanted: Wanted, draft: Draft) -> StaffMessage | None:
        """A notice to whom the gap's own message stands open with is added to that: one message for a person and a gap. None
        where it needs a message of its own."""
        beside = self._of_the_gap(known, wanted)
        if beside is None:
            return None
        words = staff_words.told_words(wanted)
        words = staff_words.said_again(words) if known.asked == draft.digest else words
        asked = replace(known, to=beside.to, chart=beside.chart, mid=beside.mid, asked=draft.digest, at=self._clock())
        told = replace(self._say(known, asked, words, is_last=True, under=beside), mid=None)
        self._book.save(told)
        return told

    def _of_the_gap(self, known: StaffMessage, wanted: Wanted) -> StaffMessage | None:
        if not wanted.is_notice or known.is_open:
            return None
        others = (one for one in self._book.of_step(wanted.step) if one.ref != known.ref and one.to == wanted.to)
        beside = next((one for one in others if one.is_open and one.mid is not None), None)
        if beside is None:
            return None
        here = self._in_its_chart(beside, wanted)
        if here.mid is not None:
            return here
        self._book.save(here)
        return None

    def _close(self, known: StaffMessage, wanted: Wanted, draft: Draft) -> StaffMessage:
        """The message of the gap, and those that told somebody of it. Without any there is nothing to close."""
        for told in self._book.of_step(wanted.step):
            if told.ref != known.ref:
                self._close_one(told, wanted, draft)
        closed = self._close_one(known, wanted, draft)
        if closed.said != draft.digest:
            closed = replace(closed, said=draft.digest, is_open=False, revision=closed.revision + 1)
            self._book.save(closed)
        return closed

    def _close_one(self, known: StaffMessage, wanted: Wanted, draft: Draft) -> StaffMessage:
        if not (known.is_unknown or known.is_unchecked or (known.is_open and known.mid is not None)):
            return known
        try:
            known = self._in_its_chart(known, wanted)
        except NotFound:
            return self._without_a_chart(known)
        asked = replace(known, asked=draft.digest, at=self._clock())
        if known.is_unknown:
            words = staff_words.never_found(wanted, known.number)
            return self._say(known, replace(asked, to=known.to or wanted.to), words, is_last=True)
        if known.is_open and known.mid is not None:
            return self._say(known, asked, staff_words.last_words(wanted), is_done=True)
        return self._settled(known)

    def _without_a_chart(self, known: StaffMessage) -> StaffMessage:
        """The patient is not there any more, and nothing can be said of them: what was said is taken out of the inbox."""
        self._withdraw(known, known.chart)
        gone = replace(self._taken_away(known), asked="")
        self._book.save(gone)
        return gone

    def _say(
        self,
        before: StaffMessage,
        asked: StaffMessage,
        words: str,
        *,
        is_done: bool = False,
        is_last: bool = False,
        under: StaffMessage | None = None,
    ) -> StaffMessage:
        """Stored, sent, stored as answered for, and looked at once more. ``is_last``: after it there is nothing to say.
        ``under``: it is added to that message, under its number."""
        self._book.save(asked)
        try:
            mid = self._sent(asked, self._letter(under or asked, words, is_done=is_done))
        except Unanswered:
            raise
        except MilepostError:
            self._book.save(before)  # it was surely not taken
            raise
        is_open = not (is_done or is_last)
        said = replace(asked, mid=mid, is_open=is_open, said=asked.asked, revision=asked.revision + 1)
        self._book.save(said)
        return self._looked_at(said)

    def _sent(self, message: StaffMessage, letter: Letter) -> int:
        chart = self._chart(message)
        if message.mid is None:
            return self._api.send(chart, letter)
        self._api.add(chart, message.mid, letter)
        return message.mid

    def _looked_at(self, said: StaffMessage) -> StaffMessage:
        """The chart's number may have become another patient's while the message was on its way."""
        try:
            now = self._api.chart_of(said.patient)
        except NotFound:
            now = None
        if now == said.chart:
            return self._settled(said)
        for place in {said.chart, now}:
            self._withdraw(said, place)
        self._book.save(self._taken_away(said))
        raise ChartMoved("the number of the patient's chart changed while it was written; it was withdrawn.")

    def _settled(self, message: StaffMessage) -> StaffMessage:
        settled = replace(message, asked="")
        self._book.save(settled)
        return settled

    def _taken_back(self, known: StaffMessage, how: HowToTakeBack) -> None:
        if known.mid is None:
            return
        if how == "delete":
            self._api.delete(self._chart(known), known.mid)
            self._book.forget(known.ref)
        else:
            self._api.add(self._chart(known), known.mid, self._letter(known, staff_words.WITHDRAWN, is_done=True))
            self._book.save(replace(known, is_open=False, said=""))

    # ---------------------------------------------------------------------------------------------------------- parts
    def _wanted(self, row: LedgerRow, to: str) -> tuple[Wanted, str]:
        try:
            if row.what == "overdue":
                return staff_words.notice_wanted(row, to), notice_ref(str((row.content or {})["key"]))
            if row.what == "detected-issue":
                return staff_words.gap_wanted(row, to), gap_ref(str((row.content or {})["key"]))
        except (KeyError, TypeError, ValueError):
            raise PermanentFailure(f"{row.what}: its stored content is incomplete.") from None
        raise CannotDo(f"{row.what}: nothing is written to an inbox for this.")

    def _letter(self, message: StaffMessage, words: str, *, is_done: bool = False) -> Letter:
        title = staff_words.title_of(message.number)
        return Letter(message.to, self._inbox.get(SENDER) or SENT_BY, title, words, is_done)

    def _chart(self, message: StaffMessage) -> ChartNumber:
        if message.chart is None:
            raise PermanentFailure(f"{message.ref}: no chart is known for it.")
        return message.chart

    def _page(self, wanted: Wanted) -> str | None:
        return None if self._public_url is None else f"{self._public_url}/admin/patients/{wanted.number}"

    def _today(self) -> date:
        return self._clock().astimezone(self._zone).date()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

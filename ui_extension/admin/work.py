"""The list of work, and one item of it: take it, say what came of it, put it aside, give it back or to somebody
else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.errors import BadAct, RecordBusy, UnknownName
from plugin.domain.permissions import Action, Data
from plugin.domain.queue import Listing, WorkLine
from plugin.domain.work import WorkAct, may_take, why_not
from plugin.usecases.queues import how_they_stand, show_item, show_work
from plugin.usecases.services import Services
from plugin.usecases.tallies import Tallies
from plugin.usecases.work import claim, finish, in_bulk, reassign, release, snooze, undo, wake
from plugin.usecases.work_turn import Did
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.listing import kept_of, numbers
from ui_extension.admin.lists import WORDS, asked_here, drawn, searching
from ui_extension.admin.queue_words import (
    WHY_NOT,
    WORK_SHOWN,
    born_words,
    button_words,
    outcome_words,
    outcomes_for,
    role_options,
    snooze_reasons,
)

_FIELDS = ("outcome", "note", "next_on", "until", "reason", "to")
_BUSY = "Somebody else is just working on this patient. Nothing was saved; send it again."
_TOLD = {WorkAct.CLAIM, WorkAct.RELEASE, WorkAct.REASSIGN, WorkAct.FINISH, WorkAct.SNOOZE, WorkAct.WAKE, WorkAct.UNDO}


class Told(NamedTuple):
    """What became of an act with one item: the line, whether it was done, and who brought the item to its state."""

    line: WorkLine
    is_done: bool
    who: str | None


def work_pages(services: Services) -> Blueprint:
    """``/admin/work`` and below."""
    pages = Blueprint("work", __name__, url_prefix="/admin/work", template_folder="templates")
    tallies = Tallies()
    searching(pages, services, tallies, Listing.WORK)
    _reading(pages, services, tallies)
    _many(pages, services)
    _one(pages, services)
    return pages


def _reading(pages: Blueprint, services: Services, tallies: Tallies) -> None:
    @pages.get("")
    @may(Action.READ, Data.WORK)
    def listed() -> str:
        asked, me = asked_here(services, Listing.WORK), signed_in()
        sheet = show_work(services, me, asked.wanted, asked.at, tallies=tallies)
        return render_template(
            "admin/queues/work.html",
            **drawn(Listing.WORK, asked, sheet),
            shown_words=WORK_SHOWN,
            roles=role_options(),
            told=_told(services),
            told_act=request.args.get("told", "").partition(":")[0],
            can_take=lambda item: why_not(item, WorkAct.CLAIM, me.who, me.roles, sheet.drawn_at) is None,
            may_take=lambda item: may_take(me.roles, item.kind),
            button=button_words,
            why_words=WHY_NOT,
            outcome_words=outcome_words,
            local=lambda at: at.astimezone(services.practice.zone),
        )

    @pages.get("/<int:id_>")
    @may(Action.READ, Data.WORK)
    def item(id_: int) -> Response:
        return _page(services, id_)


def _many(pages: Blueprint, services: Services) -> None:
    """Several at once, each on its own; the list then says what became of each."""

    @pages.post("/selected")
    @may(Action.ACT, Data.WORK)
    def selected() -> AnyResponse:
        me, ids, act = signed_in(), numbers(request.form.getlist("ids")), request.form.get("act", "")
        acts: Mapping[str, Callable[[int], Did]] = {
            WorkAct.CLAIM: partial(claim, services, me),
            WorkAct.RELEASE: partial(release, services, me),
            WorkAct.REASSIGN: lambda id_: reassign(services, me, id_, to=request.form.get("to", "")),
        }
        if act in acts:
            in_bulk(services, me, ids, acts[act])
        return _to_list(act if act in acts else "", ids)


def _one(pages: Blueprint, services: Services) -> None:
    @pages.post("/<int:id_>/claim")
    @may(Action.ACT, Data.WORK)
    def take(id_: int) -> AnyResponse:
        claim(services, signed_in(), id_)
        return _to_list(WorkAct.CLAIM, [id_])

    @pages.post("/<int:id_>/release")
    @may(Action.ACT, Data.WORK)
    def give_back(id_: int) -> AnyResponse:
        return _sent(services, id_, WorkAct.RELEASE, lambda: release(services, signed_in(), id_))

    @pages.post("/<int:id_>/wake")
    @may(Action.ACT, Data.WORK)
    def take_up(id_: int) -> AnyResponse:
        return _sent(services, id_, WorkAct.WAKE, lambda: wake(services, signed_in(), id_))

    @pages.post("/<int:id_>/undo")
    @may(Action.ACT, Data.WORK)
    def take_back(id_: int) -> AnyResponse:
        return _sent(services, id_, WorkAct.UNDO, lambda: undo(services, signed_in(), id_))

    @pages.post("/<int:id_>/done")
    @may(Action.ACT, Data.WORK)
    def done(id_: int) -> AnyResponse:
        outcome, _, barrier = _given("outcome").partition(":")
        parts = {"outcome": outcome, "reason": barrier, "note": _given("note"), "next_on": _given("next_on")}
        return _sent(services, id_, WorkAct.FINISH, lambda: finish(services, signed_in(), id_, seen=_seen(), **parts))

    @pages.post("/<int:id_>/snooze")
    @may(Action.ACT, Data.WORK)
    def put_aside(id_: int) -> AnyResponse:
        parts = {name: _given(name) for name in ("until", "reason", "note")}
        return _sent(services, id_, WorkAct.SNOOZE, lambda: snooze(services, signed_in(), id_, seen=_seen(), **parts))

    @pages.post("/<int:id_>/reassign")
    @may(Action.ACT, Data.WORK)
    def give_over(id_: int) -> AnyResponse:
        return _sent(
            services,
            id_,
            WorkAct.REASSIGN,
            lambda: reassign(services, signed_in(), id_, to=_given("to"), seen=_seen()),
        )


def _sent(services: Services, id_: int, act: WorkAct, do: Callable[[], Did]) -> AnyResponse:
    """Back to the list that one came from; or the item's page again, with what was typed, where it could not be done."""
    try:
        did = do()
    except BadAct as bad:
        return _page(services, id_, act=act, wrong=bad.fields, status=422)
    except RecordBusy:
        return _page(services, id_, act=act, wrong={"": _BUSY}, status=503)
    if did.why_not is not None:
        return _page(services, id_, act=act, wrong={"": WHY_NOT[did.why_not]}, status=409)
    return _to_list(act, [id_])


def _page(
    services: Services,
    id_: int,
    *,
    act: WorkAct | None = None,
    wrong: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    page = show_item(services, signed_in(), id_)
    drawn_page = render_template(
        "admin/queues/item.html",
        **WORDS,
        page=page,
        item=page.line.item,
        today=page.today,
        tomorrow=page.today + timedelta(days=1),
        act=act.value if act else "",
        wrong=wrong or {},
        given={name: _given(name) for name in _FIELDS},
        back=request.values.get("back", ""),
        outcomes=outcomes_for(page.line.item),
        reasons=snooze_reasons(),
        roles=dict(role_options()),
        outcome_words=outcome_words,
        born_words=born_words,
        why_words=WHY_NOT,
        me_who=signed_in().who,
        local=lambda at: at.astimezone(services.practice.zone),
    )
    return make_response(drawn_page, status)


def _to_list(act: str, ids: Sequence[int]) -> AnyResponse:
    """The list as it was, and on top of it what became of these; it is looked up there, not carried in the address."""
    query: dict[str, Any] = {**kept_of(_given("back"))}  # Any: url_for's own
    if act and ids:
        query["told"] = f"{act}:{'.'.join(map(str, ids))}"
    return redirect(url_for("work.listed", **query, _anchor=f"w{ids[0]}" if len(ids) == 1 else None), 303)


def _told(services: Services) -> Sequence[Told]:
    act, _, rest = request.args.get("told", "").partition(":")
    ids = numbers(rest.split("."))
    if act not in _TOLD or not ids:
        return []
    who = signed_in().who
    stand = how_they_stand(services, signed_in(), ids)
    return [Told(line, _is_done(WorkAct(act), line, who), name) for line, name in stand]


def _is_done(act: WorkAct, line: WorkLine, who: str) -> bool:
    """Whether it stands now as this person's act left it."""
    item = line.item
    states = {
        WorkAct.CLAIM: ("claimed",),
        WorkAct.RELEASE: ("open",),
        WorkAct.FINISH: ("done", "snoozed"),
        WorkAct.SNOOZE: ("snoozed",),
    }
    return item.by == who and item.state in states.get(act, (item.state,))


def _seen() -> int:
    text = _given("seen")
    if not text.isdecimal():
        raise UnknownName("This form cannot be used. Open the page again.")
    return int(text)


def _given(name: str) -> str:
    return request.form.get(name, "")

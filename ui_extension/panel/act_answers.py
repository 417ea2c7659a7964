"""What a page about one patient answers to who acts there: the form of an act, and what was done. Panel and admin pages
share it; each says by itself whose page it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from flask import abort, render_template, request
from markupsafe import Markup

from plugin.domain.act import Act, ActKind
from plugin.domain.reader import Reader
from plugin.usecases.act import Acted, act, undo
from plugin.usecases.act_form import act_form
from plugin.usecases.services import Services
from ui_extension.panel.act_words import (
    ACTS,
    NOT_SHOWN_YET,
    OF_SAID,
    evidence_options,
    outcome_options,
    owner_options,
    reason_options,
)

BUSY = "Somebody else is just working on this patient. Nothing was saved; send it again."

_FIELDS = ("note", "reason", "until", "evidence", "owner", "outcome", "next_on")


def kind_of(text: str) -> ActKind:
    """An act by its name in an address; what is none is no page."""
    known = next((kind for kind in ActKind if kind == text), None)
    return known or abort(404)


def sent_act(services: Services, reader: Reader, kind: ActKind, milestone: str) -> Acted:
    """Does what the form that was sent asks for."""
    return act(services, reader, _wish(kind, milestone), patient=_sent("patient"), version=_sent("version"))


def sent_undo(services: Services, reader: Reader, statement: str) -> Acted:
    """Takes back what the form that was sent asks for."""
    return undo(services, reader, statement, patient=_sent("patient"), once=_sent("once"))


def drawn_form(
    services: Services, reader: Reader, kind: ActKind, milestone: str, wrong: Mapping[str, str] | None = None
) -> Markup:
    """The form. After something went wrong: with what was sent in its fields, over the version that was seen then, and
    with its token, so that it is still the same act."""
    form = act_form(services, reader, kind, milestone)
    if wrong:
        form = replace(form, once=_sent("once"), version=_sent("version"))
    return Markup(  # nosec B704  # our own template, which escapes
        render_template(
            "panel/acts/form.html",
            form=form,
            words=ACTS[kind],
            given={name: _sent(name) for name in _FIELDS},
            wrong=wrong or {},
            reasons=reason_options(kind),
            outcomes=outcome_options(),
            evidence=evidence_options(form.evidence),
            owners=owner_options(form.owners),
            tomorrow=form.today + timedelta(days=1),
        )
    )


def drawn_message(services: Services, reader: Reader, acted: Acted) -> Markup:
    """What was done, and for how long it can be taken back."""
    until = acted.undo_until
    return Markup(  # nosec B704  # our own template, which escapes
        render_template(
            "panel/acts/message.html",
            said=OF_SAID[acted.statement.said],
            later=None if acted.is_assessed else NOT_SHOWN_YET,
            statement=acted.statement.id,
            until=None if until is None else until.astimezone(services.practice.zone),
            patient=reader.patient,
            once=services.token(),
        )
    )


def _wish(kind: ActKind, milestone: str) -> Act:
    """What was sent. A contact's outcome and the barrier that was met come as one choice."""
    parts = {name: _sent(name) for name in _FIELDS}
    outcome, _, barrier = parts["outcome"].partition(":")
    if barrier:
        parts |= {"outcome": outcome, "reason": barrier}
    return Act(kind=kind, milestone=milestone, once=_sent("once"), **parts)


def _sent(name: str) -> str:
    return request.form.get(name, "")

"""The front desk's flow board, and the messages of whoever is logged in."""

from __future__ import annotations

from datetime import date, time, timedelta

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from deploy.openemr.recorded.pages_login import Door

BOARD = "/interface/patient_tracker/patient_tracker.php"
INBOX = "/interface/main/messages/messages.php"
STATUSES = {
    "-": "None",
    "*": "Reminder done",
    "+": "Chart pulled",
    "x": "Canceled",
    "?": "No show",
    "@": "Arrived",
    "~": "Arrived late",
    "!": "Left w/o visit",
    "#": "Ins/fin issue",
    "<": "In exam room",
    ">": "Checked out",
    "$": "Coding done",
    "%": "Canceled < 24h",
    "^": "Pending",
    "=": "None",
    "CALL": "Callback requested",
    "SMS": "SMS confirmed",
    "EMAIL": "EMAIL confirmed",
    "AVM": "AVM confirmed",
}
"""The stock list (recording 077)."""


def desk_pages(door: Door) -> Blueprint:
    """For whoever is logged in."""
    pages = Blueprint("desk", __name__)
    _board(pages, door)
    _inbox(pages, door)
    return pages


def _board(pages: Blueprint, door: Door) -> None:
    clinic = door.clinic

    @pages.get(BOARD)
    def board() -> str:
        """One day; people mark here who came, who did not, and who is done."""
        door.must()
        day = _day(request.args.get("day")) or clinic.now().date()
        booked = sorted(
            (one for one in list(clinic.appointments.values()) if one.day == day), key=lambda one: one.start
        )
        return render_template(
            "board.html",
            day=day,
            before=day - timedelta(days=1),
            after=day + timedelta(days=1),
            booked=booked,
            patients=clinic.patients,
            users=clinic.users,
            statuses=STATUSES,
        )

    @pages.post(f"{BOARD}/<int:eid>")
    def change(eid: int) -> AnyResponse:
        """``mark`` changes the status as the flow board does, ``move`` and ``delete`` as the calendar does."""
        door.form()
        booked, form = clinic.appointments[eid], request.form
        if form["do"] == "mark" and form["status"] in STATUSES:
            clinic.mark_on_flow_board(booked, form["status"])
        elif form["do"] == "move":
            clinic.move(booked, day=date.fromisoformat(form["day"]), start=time.fromisoformat(form["start"]))
        elif form["do"] == "delete":
            clinic.delete_appointment(booked)
        return redirect(f"{BOARD}?day={booked.day}")


def _inbox(pages: Blueprint, door: Door) -> None:
    clinic = door.clinic

    @pages.get(INBOX)
    def inbox() -> str:
        login = door.must()
        return render_template("inbox.html", messages=clinic.messages_of(login.user), patients=clinic.patients)

    @pages.post(f"{INBOX}/<int:mid>")
    def done(mid: int) -> AnyResponse:
        """Only one's own."""
        login = door.form()
        for message in clinic.messages_of(login.user):
            if message.mid == mid:
                clinic.close_message(message)
        return redirect(INBOX)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None

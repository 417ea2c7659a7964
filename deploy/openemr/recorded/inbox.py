"""The messages of OpenEMR's users (pnotes)."""

from __future__ import annotations

from dataclasses import replace

from deploy.openemr.recorded.registry import Registry
from deploy.openemr.recorded.rows import Message, Patient

DONE = "Done"


class Inbox(Registry):
    """What is written to a user, about a patient."""

    def send_message(
        self,
        *,
        pid: int,
        to: str,
        sender: str,
        body: str,
        title: str = "Other",
        status: str = "New",
        group: str = "Default",
    ) -> Message:
        """A new message. Neither the recipient nor the patient's number need exist (OpenEMR 8.2, recordings 229-231)."""
        now = self.now()
        message = Message(
            mid=self.number("pnotes"),
            pid=pid,
            to=to,
            sender=sender,
            groupname=group,
            title=title,
            status=status,
            body=_signed(body, sender, to, now.strftime("%Y-%m-%d %H:%M")),
            written=now,
        )
        self.messages[message.mid] = message
        return message

    def add_to_message(self, message: Message, *, body: str, to: str, sender: str, title: str, status: str) -> Message:
        """Said further: the body is appended, nothing of what was said is lost."""
        now = self.now()
        more = _signed(body, sender, to, now.strftime("%Y-%m-%d %H:%M"))
        changed = replace(message, body=f"{message.body}\n{more}", to=to, title=title, status=status, written=now)
        self.messages[changed.mid] = changed
        return changed

    def close_message(self, message: Message) -> Message:
        """A user says in the inbox that it is done."""
        return self._put(replace(self.messages[message.mid], status=DONE, written=self.now()))

    def delete_message(self, message: Message) -> Message:
        """Out of the inbox; the row stays."""
        return self._put(replace(self.messages[message.mid], is_deleted=True))

    def messages_of(self, username: str) -> list[Message]:
        """A user's inbox: what is for them, is not done and not deleted, newest first."""
        mine = [row for row in list(self.messages.values()) if row.to == username and not row.is_deleted]
        return sorted((row for row in mine if row.status != DONE), key=lambda row: -row.mid)

    def messages_about(self, patient: Patient) -> list[Message]:
        """What is in a patient's chart, done or not, deleted ones not, newest first."""
        about = [row for row in list(self.messages.values()) if row.pid == patient.pid and not row.is_deleted]
        return sorted(about, key=lambda row: -row.mid)

    def _put(self, message: Message) -> Message:
        self.messages[message.mid] = message
        return message


def _signed(body: str, sender: str, to: str, at: str) -> str:
    """With time and names in front, as pnotes has it."""
    return f"{at} ({sender} to {to}) {body}"

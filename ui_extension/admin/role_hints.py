"""What each role is for, in one line, where somebody gives it."""

from __future__ import annotations

from collections.abc import Mapping

from plugin.domain.permissions import Role

ROLE_HINTS: Mapping[Role, str] = {
    Role.ADMINISTRATOR: "Connects EHRs, invites people and gives roles. Sees no patient.",
    Role.PROGRAM_EDITOR: "Writes programs and ladders, previews and publishes them.",
    Role.PRACTICE_LEAD: "Everything clinical, publishing, and taking back what others said.",
    Role.PROVIDER: "Sees and acts on everything about patients.",
    Role.COORDINATOR: "Sees and acts on everything about patients; works the lists all day.",
    Role.COACH: "As a coordinator, but only reads results and scores.",
    Role.SCHEDULER: "Appointments, contacts and the lists; sees plans, no results.",
    Role.MEDICAL_ASSISTANT: "As a coordinator, but only reads results and scores.",
    Role.BILLING: "Sees appointments and plans. No scores, no notes.",
    Role.AUDITOR: "Reads everything, the audit log too. Changes nothing.",
}

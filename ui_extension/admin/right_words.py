"""Rights in a nurse's words: what one does with each class of data, and what the class is."""

from __future__ import annotations

from collections.abc import Mapping

from plugin.domain.permissions import Action, Data

CLASSES: Mapping[Data, str] = {
    Data.SCHEDULE: "Appointments",
    Data.PLAN: "Care plans",
    Data.RESULTS: "Results and scores",
    Data.NOTES: "Notes",
    Data.WORK: "Work lists",
    Data.PROGRAMS: "Programs, ladders, and the practice's days and limits",
    Data.PEOPLE: "People and their roles",
    Data.CONFIGURATION: "Sources, EHR sign-in and the system",
    Data.AUDIT: "The audit log",
}

_USUAL: Mapping[Action, str] = {
    Action.READ: "see them",
    Action.ACT: "act on them",
    Action.UNDO: "take back what somebody else said",
    Action.EDIT: "change them",
    Action.PUBLISH: "put them in force",
    Action.EXPORT: "take them away as a file",
}

_OWN: Mapping[tuple[Action, Data], str] = {
    (Action.ACT, Data.SCHEDULE): "record what came of a visit",
    (Action.ACT, Data.PLAN): "complete steps, put them on hold, hand them on",
    (Action.ACT, Data.RESULTS): "mark results as reviewed",
    (Action.ACT, Data.NOTES): "write notes and log contacts",
    (Action.READ, Data.WORK): "see who has what to do",
    (Action.ACT, Data.WORK): "claim work and finish it",
    (Action.EDIT, Data.PROGRAMS): "change drafts, try them and preview them",
    (Action.PUBLISH, Data.PROGRAMS): "publish, roll back, and be the second person",
    (Action.EXPORT, Data.PROGRAMS): "take programs and previews away as a file",
    (Action.READ, Data.PEOPLE): "see who uses Milepost and with which roles",
    (Action.EDIT, Data.PEOPLE): "invite people, give and take roles, shut somebody out",
    (Action.READ, Data.CONFIGURATION): "see sources, jobs and how the system is",
    (Action.EDIT, Data.CONFIGURATION): "connect and remove EHRs, run jobs",
    (Action.READ, Data.AUDIT): "see who did what",
    (Action.EXPORT, Data.AUDIT): "take the audit log away as a file",
}


def right_words(action: Action, data: Data) -> str:
    """What one does with it, as "see them"."""
    return _OWN.get((action, data), _USUAL[action])

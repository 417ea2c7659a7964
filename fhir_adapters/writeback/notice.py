"""The provider's notice in the EHR: a Communication about the overdue Task."""

from fhir_adapters.writeback.model import Body, checked
from fhir_adapters.writeback.names import DEVICE, Names, reference
from plugin.domain.writes import NoticeContent, notice_ref

_CATEGORY = "http://terminology.hl7.org/CodeSystem/communication-category"


def provider_notice(content: NoticeContent, names: Names) -> Body:
    """R4 has no search parameter for ``about``, hence ``basedOn`` beside it. The text names no step: the Task does."""
    if content.recipient is not None:
        recipient = [reference(content.recipient)]
    else:
        recipient = [{"display": content.role}] if content.role else []
    return checked(
        "Communication",
        {
            "id": notice_ref(content.key).partition("/")[2],
            "meta": names.meta,
            "identifier": [names.identifier("notice", content.key)],
            "basedOn": [reference(content.task)],
            "status": "completed",
            "category": [{"coding": [{"system": _CATEGORY, "code": "notification"}]}],
            "subject": reference(content.patient),
            "about": [reference(content.task)],
            "sent": content.sent,
            "recipient": recipient,
            "sender": reference(DEVICE),
            "payload": [{"contentString": _words(content)}],
        },
    )


def _words(content: NoticeContent) -> str:
    due = f" It was due {content.due}." if content.due else ""
    return f"A step of this patient's care plan is overdue (tier {content.tier}).{due}"

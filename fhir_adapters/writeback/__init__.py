"""Writing to the EHR: contents become FHIR resources, resources become drafts, drafts are sent in transactions."""

from fhir_adapters.writeback.drafts import (
    device_draft,
    digest_of,
    draft_for,
    drafts_for,
    in_order,
    owned_of,
    with_provenance,
)
from fhir_adapters.writeback.milestone_task import annotate_source_task
from fhir_adapters.writeback.names import DEVICE, Names, tags_of
from fhir_adapters.writeback.subscription import subscribe
from fhir_adapters.writeback.transaction import send

__all__ = [
    "DEVICE",
    "Names",
    "annotate_source_task",
    "device_draft",
    "digest_of",
    "draft_for",
    "drafts_for",
    "in_order",
    "owned_of",
    "send",
    "subscribe",
    "tags_of",
    "with_provenance",
]

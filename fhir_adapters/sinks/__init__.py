"""Where milestone Tasks go when their source has no Task: a companion FHIR store, the staff's inbox, or nowhere yet."""

from fhir_adapters.sinks.companion import CompanionStore
from fhir_adapters.sinks.companion_patients import CompanionPatients
from fhir_adapters.sinks.no_sink import NoSink
from fhir_adapters.sinks.staff_auth import StaffAuth
from fhir_adapters.sinks.staff_message import StaffMessages
from fhir_adapters.sinks.standard_api import StandardApi

__all__ = ["CompanionPatients", "CompanionStore", "NoSink", "StaffAuth", "StaffMessages", "StandardApi"]

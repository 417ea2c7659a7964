"""SMART App Launch 2.2 and Backend Services, spoken over plugin/outbound: discovery, launch, tokens, our keys."""

from fhir_adapters.smart.backend import BackendServices
from fhir_adapters.smart.keys import Keys
from fhir_adapters.smart.server import HttpSmartServer
from fhir_adapters.smart.staff import SignedIn, StaffAccount, StaffClient

__all__ = ["BackendServices", "HttpSmartServer", "Keys", "SignedIn", "StaffAccount", "StaffClient"]

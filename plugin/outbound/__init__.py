"""The one guarded HTTP session: origin and path guard, deadline, size cap, retries, circuit breaker.

FHIR, couriers and sign-in build on it; nobody else in Milepost opens a connection to a server over HTTP.
"""

from plugin.outbound.answer import Answer
from plugin.outbound.circuit import Circuit
from plugin.outbound.origin import Origin, place_of, within
from plugin.outbound.retries import Retries
from plugin.outbound.session import Auth, GuardedSession, Terms, Timing

__all__ = ["Answer", "Auth", "Circuit", "GuardedSession", "Origin", "Retries", "Terms", "Timing", "place_of", "within"]

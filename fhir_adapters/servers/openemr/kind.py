"""OpenEMR as a kind of server."""

from fhir_adapters.servers.base import Server

# OpenEMR 8.2: `meta.lastUpdated` of a CarePlan is the day its form was first saved, that of an Appointment does not move
# when the Flow Board says that the patient has not come. It is no change stamp.
OPENEMR = Server(kind="openemr", change_stamp=False)

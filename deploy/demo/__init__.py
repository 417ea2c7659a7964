"""The demo: a real HAPI FHIR server with a practice that does not exist, and Milepost at work on it."""

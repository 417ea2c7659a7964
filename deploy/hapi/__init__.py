"""A real HAPI FHIR R4 server, built from its own pom, for the demo, the live tests and the benchmark."""

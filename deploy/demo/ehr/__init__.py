"""A small EHR for the demo and the tests, in front of a FHIR server: charts, a SMART authorization server, a proxy that
asks for tokens. For demonstration only: anyone may log in, it listens on loopback, it keeps nothing on disk.
"""

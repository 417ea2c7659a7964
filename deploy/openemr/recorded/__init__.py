"""A recorded OpenEMR 8.2: a clinic as plain state, and its FHIR and Standard API, authorization server and pages as a
real one answered them (tests/fixtures/openemr). For the demo and the tests; on loopback only.
"""

"""OpenEMR (seen: 8.2.0-dev, 2026-11) beside FHIR R4: only what is different there, each with the behaviour named."""

"""The benchmark: how fast Milepost is on a real HAPI FHIR server and PostgreSQL, as ratios taken in one run."""

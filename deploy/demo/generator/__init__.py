"""The demo practice: a seeded stream of FHIR transactions for a chronic-care practice that does not exist.

It stands on its own and imports nothing of Milepost: what the tracker is shown by must not be made by the tracker.
"""

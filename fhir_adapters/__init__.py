"""Everything in Milepost that knows that FHIR is spoken over HTTP."""

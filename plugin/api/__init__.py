"""What programs ask of Milepost over HTTP: health, metrics, and the hooks of the FHIR servers."""

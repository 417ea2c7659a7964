"""The sidecar: what Milepost decides, remembers and serves."""

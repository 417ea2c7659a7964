"""Tests, mirroring the source path for path; this is the only __init__.py among them."""

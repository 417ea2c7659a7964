"""OpenEMR's Standard API: the routes that were recorded, each with its scope and what its user's group must be
allowed."""

"""What every page shares: components, and static files that are vendored with their checksums."""

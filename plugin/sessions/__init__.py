"""What needs a key or a lock: the cipher for stored secrets."""

"""Real servers for tests, demo and benchmark, each in a folder of its own on a free port of loopback."""

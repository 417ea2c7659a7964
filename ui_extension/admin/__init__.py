"""The admin pages: programs, previews, queues, sources, people, audit, system. Top-level only, never framed."""

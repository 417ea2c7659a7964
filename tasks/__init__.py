"""When and where the use cases run: Celery, with Redis between the processes. Never what they do."""

"""The worker's app with a beat lock that ends soon, so that a test need not wait as long as an installation does."""

from tasks.worker import app

app.conf.update(beat_max_loop_interval=0.5, redbeat_lock_timeout=6)

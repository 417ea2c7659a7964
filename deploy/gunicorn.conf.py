"""gunicorn for the web process: `gunicorn --config deploy/gunicorn.conf.py`. Where it listens is MILEPOST_BIND."""

from plugin.config import settings
from plugin.domain.errors import BadSettings
from plugin.run import WEB_PROCESSES, WEB_THREADS, WEB_TIMEOUT_S

try:
    bind = settings().bind  # loopback, unless somebody decided otherwise
except BadSettings as error:
    raise SystemExit(f"milepost: {error}") from error

wsgi_app = "plugin.app:create_app()"
workers = WEB_PROCESSES
threads = WEB_THREADS
worker_class = "gthread"
timeout = WEB_TIMEOUT_S
graceful_timeout = 20
keepalive = 5
max_requests = 100_000  # a process that has grown is replaced now and then
max_requests_jitter = 10_000
limit_request_line = 8190  # an EHR's code or launch may take thousands of letters (OpenEMR 8.2)
limit_request_fields = 50
limit_request_field_size = 8190
proxy_protocol = False
forwarded_allow_ips = ""  # nobody tells us who else is asking (plugin/api/access.py)
server_software = "milepost"
control_socket_disable = True  # gunicorn 27 makes one in the home of its user, shared by all its servers on the machine

# Milepost logs every request by its route's pattern, and silences gunicorn's own log: paths and queries are in it.
accesslog = None
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(L)s'
errorlog = "-"

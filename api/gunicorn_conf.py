"""How gunicorn serves the API. Everything here can be set by the environment of a deployment."""

import os
import shutil
import tempfile

# Where the workers keep their figures, so that one scrape sees all of them. prometheus_client looks for it while
# it is imported, which is here first.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="fantooo-metrics-")

from prometheus_client import multiprocess

bind = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"

# Threads, because a request mostly waits for the database; as many as a worker has connections to give them.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
threads = int(os.environ.get("DATABASE_POOL_SIZE", "8"))

# No preload: the pool and the HTTP clients hold sockets and threads, which do not survive a fork.
preload_app = False

# A request may wait for a connection and for one statement, and Paystack may take a while; then it is cut off.
timeout = 60
# Requests in flight are finished before a worker goes.
graceful_timeout = 30
# Longer than a load balancer keeps an idle connection, so that it is never the server that hangs up first.
keepalive = 75

# Behind TLS ends a proxy of ours or nothing: who may be believed is decided by TRUSTED_PROXIES, not here.
forwarded_allow_ips = ""

# Nobody steers it at run time, and its default place is somebody's home directory.
control_socket_disable = True

# The API writes one line a request itself.
accesslog = None
errorlog = "-"


def child_exit(server: object, worker: object) -> None:
    """Let a dead worker's pool no longer count."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[attr-defined, no-untyped-call]


def on_exit(server: object) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)

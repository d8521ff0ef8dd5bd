"""Whether the service is well, and what it offers."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import structlog
from flask import Blueprint, Response, current_app, request, send_from_directory
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api import metrics, models, openapi
from api.routing import Access, LimitBy, Resource, require_cron_secret
from api.services import services

log = structlog.get_logger("api.system")

system = Resource("System", __name__)
operations = Blueprint("operations", __name__)

SWAGGER = files("flask_openapi3_swagger") / "templates" / "swagger"
# Swagger's own scripts and styles from here, the document from here, and nothing from anywhere else.
DOCS_POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"


@system.operation(
    "GET", "/health", access=Access.ANYONE, limit_by=LimitBy.NOTHING, answers={200: models.Health}
)
def health() -> models.Row:
    """Say that the process runs. Asks nobody."""
    return {"status": "ok"}


@system.operation(
    "GET", "/ready", access=Access.ANYONE, limit_by=LimitBy.NOTHING, answers={200: models.Health}
)
def ready() -> models.Row:
    """Say that requests can be served: the database answers. 503 while it does not."""
    services().db.ping()
    return {"status": "ok"}


@system.route("/openapi.json")
def openapi_document() -> ResponseReturnValue:
    response = current_app.response_class(document_text(), mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    response.add_etag()
    return response.make_conditional(request)


@system.route("/docs")
def docs() -> Response:
    response = current_app.response_class(_DOCS_PAGE, mimetype="text/html")
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    return response


@system.route("/docs/<path:name>")
def docs_asset(name: str) -> Response:
    if name == "start.js":
        return current_app.response_class(_DOCS_SCRIPT, mimetype="text/javascript")
    return send_from_directory(str(SWAGGER), name, max_age=86_400)


@operations.route("/metrics")
def show_metrics() -> Response:
    """For Prometheus: from this machine without more ado, from elsewhere with the cron secret as bearer token."""
    if not _asked_from_this_machine():
        require_cron_secret()
    text = generate_latest(metrics.registry(services().db))
    return current_app.response_class(text, content_type=CONTENT_TYPE_LATEST)


def _asked_from_this_machine() -> bool:
    # With a proxy of our own on this machine every request comes from here, unless it tells whom it forwards.
    return request.remote_addr in ("127.0.0.1", "::1") and "X-Forwarded-For" not in request.headers


@cache
def document_text() -> str:
    return openapi.render(openapi.document(current_app))


_DOCS_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Fantooo API</title>
  <link rel="stylesheet" href="docs/css/swagger-ui.css">
</head>
<body>
  <div id="api"></div>
  <script src="docs/js/swagger-ui-bundle.js"></script>
  <script src="docs/start.js"></script>
</body>
</html>
"""

_DOCS_SCRIPT = 'SwaggerUIBundle({url: "openapi.json", dom_id: "#api", deepLinking: true});\n'

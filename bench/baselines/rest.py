"""The local REST API alone, with the keys that tokens are verified by: `uvicorn --factory bench.baselines.rest:create`."""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from local import rest, tokens
from local.gateway import ApiKeys, RequireApiKey
from local.project import Project


def create() -> Starlette:
    """The app of the project kept in BENCH_PROJECT. No Realtime follows the database while it is measured."""
    project = Project.load(Path(os.environ["BENCH_PROJECT"]))
    service = rest.create_app(project)

    async def keys(request: Request) -> JSONResponse:
        return JSONResponse({"keys": [tokens.public_jwk(project)]})

    return Starlette(
        routes=[
            Route("/auth/v1/.well-known/jwks.json", keys),
            Mount("/rest/v1", app=RequireApiKey(service, ApiKeys(project))),
        ],
        lifespan=service.router.lifespan_context,
    )

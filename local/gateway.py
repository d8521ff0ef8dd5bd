"""The one port clients talk to: API keys, CORS, and Auth, REST and Realtime behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from local import auth, realtime, rest
from local.project import Project

# What browsers may read of an answer besides its body.
EXPOSED_HEADERS = (
    "content-range",
    "content-location",
    "content-profile",
    "link",
    "location",
    "preference-applied",
    "range-unit",
    "x-sb-error-code",
    "x-supabase-api-version",
    "x-total-count",
)
# Reached by links in mails and by whoever verifies tokens: neither has a key.
OPEN_PATHS = ("/auth/v1/verify", "/auth/v1/.well-known/jwks.json", "/auth/v1/health")
MAX_REALTIME_FRAME = 5_000_000


def create_app(project: Project) -> Starlette:
    """The ASGI app for the project's URL. Its lifespan is also that of the services behind it."""
    services: Mapping[str, Starlette] = {
        "/auth/v1": auth.create_app(project),
        "/rest/v1": rest.create_app(project),
        "/realtime/v1": realtime.create_app(project),
    }

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            for service in services.values():
                await running.enter_async_context(service.router.lifespan_context(service))
            yield

    async def index(request: Request) -> Response:
        return JSONResponse({"name": "A local Supabase for Fantooo", "services": list(services)})

    keys = ApiKeys(project)
    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/", index),
            Route("/health", health),
            *(Mount(path, app=RequireApiKey(service, keys)) for path, service in services.items()),
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=["*"],
                allow_methods=["*"],
                # Whatever a preflight asks for: the clients' own headers grow with their versions.
                allow_headers=["*"],
                expose_headers=EXPOSED_HEADERS,
                max_age=3600,
            )
        ],
    )


async def health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


class Refusal(Exception):
    """The gateway's own 401."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.body = {"message": message, "hint": hint}


@dataclass(frozen=True)
class Admission:
    """As whom the gateway lets a request in: the key's role, and the JWT that counts."""

    api_role: str
    token: str


@dataclass(frozen=True)
class ApiKeys:
    """Which keys the project has and what each stands for."""

    project: Project

    def admit(self, apikey: str | None, authorization: str | None, user_agent: str) -> Admission:
        """Who the caller is. Raises Refusal when the key is missing, wrong, or used where it must not be."""
        if not apikey:
            raise Refusal("No API key found in request", "No `apikey` request header or url param was found.")
        project = self.project
        if apikey in (project.publishable_key, project.anon_key):
            admission = Admission("anon", project.anon_key)
        elif apikey in (project.secret_key, project.service_role_key):
            admission = Admission("service_role", project.service_role_key)
        else:
            raise _invalid_key()
        if apikey == project.secret_key and "Mozilla/" in user_agent:
            raise Refusal(
                "Forbidden use of secret API key in browser",
                "Secret API keys can only be used in a protected environment and should never be used "
                "in a browser.",
            )
        scheme, _, bearer = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not bearer or bearer == apikey:
            return admission
        if bearer.startswith("sb_"):
            raise _invalid_key()
        return Admission(admission.api_role, bearer)


@dataclass(frozen=True)
class RequireApiKey:
    """ASGI middleware: lets requests with a good API key through, and says as whom in `scope["state"]`."""

    app: ASGIApp
    keys: ApiKeys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        apikey = headers.get("apikey") or QueryParams(scope["query_string"]).get("apikey")
        state = scope["state"] = dict(scope.get("state", {}))
        try:
            admission = self.keys.admit(apikey, headers.get("authorization"), headers.get("user-agent", ""))
        except Refusal as refusal:
            if scope["path"] not in OPEN_PATHS:
                await _refuse(refusal, scope, receive, send)
                return
        else:
            state.update(api_role=admission.api_role, token=admission.token)
        await self.app(scope, receive, send)


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    # On a WebSocket's handshake Starlette sends this as the handshake's plain HTTP answer.
    await JSONResponse(refusal.body, 401)(scope, receive, send)


def _invalid_key() -> Refusal:
    return Refusal("Invalid API key", "Double check your Supabase `anon` or `service_role` API key.")


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), required=True)
def main(data_dir: Path) -> None:
    """Serve the project kept in DIR."""
    project = Project.load(data_dir / "project.json")
    address = urlsplit(project.url)
    uvicorn.run(
        create_app(project),
        host=project.host,
        port=address.port or 80,
        ws_max_size=MAX_REALTIME_FRAME,
        # Clients hold their WebSockets for ever; they reconnect.
        timeout_graceful_shutdown=1,
        # At INFO it writes each WebSocket's whole URL, which carries a key.
        log_level="warning",
    )


if __name__ == "__main__":
    main()

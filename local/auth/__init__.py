"""A small Auth that answers as GoTrue does for the calls this product's clients make."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.auth import accounts, admin, errors
from local.auth.context import new_pool, project_of
from local.project import Project
from local.tokens import public_jwk

log = logging.getLogger("local.auth")


def create_app(project: Project) -> Starlette:
    """The ASGI app served at /auth/v1. Its lifespan holds the connections to the database."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with new_pool(project) as pool:
            app.state.pool = pool
            yield

    app = Starlette(
        lifespan=lifespan,
        routes=[
            Route("/health", health),
            Route("/settings", settings),
            Route("/.well-known/jwks.json", jwks),
            Route("/signup", accounts.sign_up, methods=["POST"]),
            Route("/token", accounts.token, methods=["POST"]),
            Route("/logout", accounts.sign_out, methods=["POST"]),
            Route("/user", accounts.show_user, methods=["GET"]),
            Route("/user", accounts.change_user, methods=["PUT"]),
            Route("/recover", accounts.recover, methods=["POST"]),
            Route("/verify", accounts.verify_code, methods=["POST"]),
            Route("/verify", accounts.follow_link, methods=["GET"]),
            Route("/admin/users", admin.list_users, methods=["GET"]),
            Route("/admin/users", admin.create_user, methods=["POST"]),
            Route("/admin/users/{user_id}", admin.show_user, methods=["GET"]),
            Route("/admin/users/{user_id}", admin.change_user, methods=["PUT"]),
            Route("/admin/users/{user_id}", admin.delete_user, methods=["DELETE"]),
            Route("/admin/generate_link", admin.generate_link, methods=["POST"]),
        ],
        exception_handlers={
            errors.AuthError: refused,
            HTTPException: no_such_route,
            Exception: failed,
        },
    )
    app.state.project = project
    return app


async def health(request: Request) -> Response:
    description = "The local stack's stand-in for Supabase Auth"
    return JSONResponse({"name": "GoTrue", "version": "local", "description": description})


async def settings(request: Request) -> Response:
    return JSONResponse(
        {
            "external": {"email": True, "phone": False, "anonymous_users": False},
            "disable_signup": False,
            "mailer_autoconfirm": True,
            "phone_autoconfirm": False,
            "sms_provider": "",
            "saml_enabled": False,
            "mfa_enabled": False,
        }
    )


async def jwks(request: Request) -> Response:
    """The public signing keys: none in a project that signs by its secret."""
    project = project_of(request)
    keys = [public_jwk(project)] if project.algorithm == "ES256" else []
    return JSONResponse({"keys": keys}, headers={"cache-control": "public, max-age=600"})


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.AuthError)
    return errors.respond(request, error)


async def no_such_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return errors.respond(request, errors.AuthError(error.status_code, "not_found", error.detail))


async def failed(request: Request, error: Exception) -> Response:
    log.error("unexpected failure of %s %s", request.method, request.url.path, exc_info=error)
    return errors.respond(request, errors.unexpected_failure("Unexpected failure, please check server logs"))

"""The HTTP surface of Realtime: the WebSocket, and broadcasts over REST."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from json import JSONDecodeError
from typing import Any

import psycopg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from local.project import Project
from local.realtime.authorization import Extension, Identity, TokenRefused, identify
from local.realtime.connection import MAX_BROADCAST_BYTES, Connection
from local.realtime.protocol import ProtocolError, Version
from local.realtime.rooms import Room
from local.realtime.service import Service

# As long as the host holds back its answer to a join it refuses.
REFUSAL_DELAY_SECONDS = 5.0


def create_app(project: Project, *, refusal_delay: float = REFUSAL_DELAY_SECONDS) -> Starlette:
    """A Realtime for one project, to be mounted where clients look for /realtime/v1.

    Whoever mounts it puts the bearer's JWT into `scope["state"]["token"]`, and enters the lifespan.
    """
    service = Service(project, refusal_delay)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = Starlette(
        lifespan=lifespan,
        routes=[
            WebSocketRoute("/websocket", _websocket),
            Route("/api/broadcast", _broadcast_many, methods=["POST"]),
            Route("/api/broadcast/{topic}/events/{event}", _broadcast_one, methods=["POST"]),
        ],
        exception_handlers={
            TokenRefused: lambda _request, _error: JSONResponse({"message": "Unauthorized"}, 401),
            ProtocolError: lambda _request, error: JSONResponse({"message": str(error)}, 422),
            psycopg.OperationalError: lambda _request, _error: JSONResponse(
                {"message": "Database unavailable"}, 503
            ),
        },
    )
    app.state.service = service
    return app


async def _websocket(websocket: WebSocket) -> None:
    service: Service = websocket.app.state.service
    token = websocket.state.token
    try:
        version = Version(websocket.query_params.get("vsn", Version.V1))
        identify(service.project, token)
    except ValueError:
        await websocket.send_denial_response(JSONResponse({"error": "Unsupported serializer version"}, 400))
        return
    except TokenRefused as refusal:
        await websocket.send_denial_response(JSONResponse({"error": str(refusal)}, 401))
        return
    await websocket.accept()
    await Connection(service, websocket, version, token).run()


async def _broadcast_many(request: Request) -> Response:
    """Broadcast each message the caller may send; those it may not are passed over."""
    service, identity = _caller(request)
    try:
        messages = (await request.json())["messages"]
    except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        return JSONResponse({"errors": {"messages": ["can't be blank"]}}, 422)
    if not isinstance(messages, list) or not all(map(_is_valid, messages)):
        return JSONResponse({"errors": {"messages": ["is invalid"]}}, 422)
    for message in messages:
        room = Room(message["topic"], message.get("private") is True)
        if await _may_send(service, identity, room):
            service.rooms.broadcast(room, message["event"], message["payload"])
    return Response(status_code=202)


async def _broadcast_one(request: Request) -> Response:
    """Broadcast the body, JSON or raw bytes, as one message."""
    service, identity = _caller(request)
    body = await request.body()
    if len(body) > MAX_BROADCAST_BYTES:
        return JSONResponse({"message": "Payload Too Large"}, 413)
    payload: object
    match request.headers.get("content-type", "").partition(";")[0].strip():
        case "application/json":
            try:
                payload = json.loads(body or b"{}")
            except ValueError:
                return JSONResponse({"errors": {"payload": ["is invalid"]}}, 422)
        case "application/octet-stream":
            payload = body
        case _:
            return JSONResponse({"message": "Unsupported Media Type"}, 415)
    room = Room(request.path_params["topic"], request.query_params.get("private") == "true")
    if not await _may_send(service, identity, room):
        return JSONResponse({"message": "Forbidden"}, 403)
    service.rooms.broadcast(room, request.path_params["event"], payload)
    return Response(status_code=202)


def _caller(request: Request) -> tuple[Service, Identity]:
    service: Service = request.app.state.service
    return service, identify(service.project, request.state.token)


async def _may_send(service: Service, identity: Identity, room: Room) -> bool:
    return not room.private or await service.authorizer.may_write(identity, room.topic, Extension.BROADCAST)


def _is_valid(message: Any) -> bool:
    return (
        isinstance(message, dict)
        and isinstance(message.get("topic"), str)
        and bool(message["topic"])
        and isinstance(message.get("event"), str)
        and isinstance(message.get("payload"), dict)
    )

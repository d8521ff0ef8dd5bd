"""A user's chats, the messages in them, and how long one waits for an answer."""

from __future__ import annotations

from uuid import UUID

from flask import Response, jsonify

from api import models
from api.auth import Caller
from api.routing import Access, Resource
from api.services import services

chats = Resource("Chats", __name__)

USERS_ONLY = ("NOT_A_REAL_USER", "ACCOUNT_SUSPENDED")


@chats.operation(
    "GET", "/chats", query=models.ChatPage, answers={200: models.Chats}, refusals={403: USERS_ONLY}
)
def list_chats(caller: Caller, query: models.ChatPage) -> models.Row:
    """The caller's chats, the last written in first, each with its profile and what is unread."""
    return services().db.call(
        "list_chats", repeatable=True, user_id=caller.id, before=query.before, limit=query.limit
    )


@chats.operation(
    "POST",
    "/chats",
    body=models.NewChat,
    answers={201: models.OneChat, 200: models.OneChat},
    refusals={403: (*USERS_ONLY, "PROFILE_BLOCKED"), 404: ("PROFILE_NOT_FOUND",)},
)
def open_chat(caller: Caller, body: models.NewChat) -> tuple[models.Row, int]:
    """Open the chat with a profile: 201 when it is new, 200 when there was one."""
    opened = services().db.call(
        "open_chat", repeatable=True, user_id=caller.id, fictional_user_id=body.fictional_user_id
    )
    return {"chat": opened["chat"]}, 201 if opened["created"] else 200


@chats.operation(
    "GET",
    "/chats/<uuid:chat_id>/messages",
    query=models.MessagePage,
    answers={200: models.Messages},
    refusals={404: ("CHAT_NOT_FOUND",)},
)
def list_messages(caller: Caller, chat_id: UUID, query: models.MessagePage) -> models.Row:
    """A page of a chat, in order, for its user, the operator who holds it, or an admin.

    With `after`, what came after that message; otherwise the newest page, or the one before `before`.
    """
    return services().db.call(
        "list_messages",
        repeatable=True,
        caller_id=caller.id,
        chat_id=chat_id,
        after=query.after,
        before=query.before,
        limit=query.limit,
    )


@chats.operation("GET", "/queue", answers={200: models.Queue})
def queue(caller: Caller) -> models.Row:
    """How many chats wait for an operator, and how long one waits."""
    return services().db.call("queue_status", repeatable=True)


@chats.operation("GET", "/disclosure", access=Access.ANYONE, answers={200: models.Disclosure})
def disclosure() -> Response:
    """What a user has to acknowledge before their first message, and its version."""
    response = jsonify(services().db.call("get_disclosure", repeatable=True))
    response.headers["Cache-Control"] = "public, max-age=60"
    return response

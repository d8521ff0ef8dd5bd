"""Sending a message as a user."""

from __future__ import annotations

from uuid import UUID, uuid4, uuid5

from flask import request

from api import limits, models
from api.auth import Caller
from api.errors import ApiError
from api.headers import IDEMPOTENCY_KEY
from api.routing import Resource
from api.services import services

messages = Resource("Messages", __name__)


@messages.operation(
    "POST",
    "/messages",
    limit=limits.MESSAGES,
    body=models.NewMessage,
    headers=(IDEMPOTENCY_KEY,),
    answers={201: models.Sent, 200: models.Sent},
    refusals={
        400: ("EMPTY_MESSAGE", "MESSAGE_TOO_LONG"),
        402: ("INSUFFICIENT_CREDITS",),
        403: (
            "SENDER_MISMATCH",
            "DISCLOSURE_REQUIRED",
            "PROFILE_BLOCKED",
            "NOT_A_REAL_USER",
            "ACCOUNT_SUSPENDED",
        ),
        404: ("CHAT_NOT_FOUND",),
        409: ("CHAT_CLOSED", "IDEMPOTENCY_CONFLICT"),
    },
)
def send_message(caller: Caller, body: models.NewMessage) -> tuple[models.Row, int]:
    """Send a message: free while the chat's free messages last, then for one credit.

    Sent again with the same clientMessageId or Idempotency-Key, it answers 200 with the first message, uncharged.
    """
    if body.sender_id not in (None, caller.id):
        raise ApiError(403, "SENDER_MISMATCH", "You can only send messages as yourself.")
    sent = services().db.call(
        "send_user_message",
        # Named by an id, a second run returns the message of the first.
        repeatable=True,
        user_id=caller.id,
        chat_id=body.chat_id,
        content=body.content,
        client_message_id=body.client_message_id or message_id_from_header(caller) or uuid4(),
    )
    return {"message": sent["message"], "credits": sent["credits"]}, 200 if sent["repeated"] else 201


def message_id_from_header(caller: Caller) -> UUID | None:
    """The message id an Idempotency-Key stands for: a UUID itself, any other text by its hash for this caller."""
    key = request.headers.get(IDEMPOTENCY_KEY)
    if not key:
        return None
    if len(key) > 255:
        raise ApiError(400, "INVALID_INPUT", f"{IDEMPOTENCY_KEY}: should have at most 255 characters")
    try:
        return UUID(key)
    except ValueError:
        return uuid5(caller.id, key)

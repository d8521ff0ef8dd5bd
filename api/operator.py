"""What operators do: take a chat, answer in it, show that they are there, lay it down."""

from __future__ import annotations

from uuid import uuid4

from api import models
from api.auth import Caller
from api.headers import IDEMPOTENCY_KEY
from api.messages import message_id_from_header
from api.routing import Resource
from api.services import services

operator = Resource("Operator", __name__)

OPERATORS_ONLY = ("NOT_AN_OPERATOR", "OPERATOR_INACTIVE")
HOLDERS_ONLY = (*OPERATORS_ONLY, "CHAT_NOT_ASSIGNED")


@operator.operation(
    "POST",
    "/operator/assign",
    answers={200: models.Assigned},
    refusals={400: ("OPERATOR_NOT_AVAILABLE",), 403: OPERATORS_ONLY, 409: ("ALREADY_ASSIGNED",)},
)
def assign(caller: Caller) -> models.Row:
    """Take the chat that has waited longest, with everything the operator's screen shows of it.

    When none waits, a message says so; the operator is then in line for the next one.
    """
    assigned = services().db.call("assign_next_chat", operator_id=caller.id)
    return assigned if assigned["chat"] else {"message": "No chats waiting"}


@operator.operation("GET", "/operator/chat", answers={200: models.Assigned}, refusals={403: OPERATORS_ONLY})
def held_chat(caller: Caller) -> models.Row:
    """The chat the operator holds, or null."""
    return services().db.call("get_operator_chat", repeatable=True, operator_id=caller.id)


@operator.operation(
    "POST",
    "/operator/heartbeat",
    body=models.Heartbeat,
    answers={200: models.Beat},
    refusals={403: OPERATORS_ONLY, 404: ("CHAT_NOT_FOUND",)},
)
def heartbeat(caller: Caller, body: models.Heartbeat) -> models.Row:
    """Say that the operator's app is alive and when its person last moved; learn how long the chat is theirs."""
    return services().db.call(
        "record_heartbeat",
        repeatable=True,
        operator_id=caller.id,
        chat_id=body.chat_id,
        last_activity=body.last_activity,
    )


@operator.operation(
    "POST",
    "/operator/messages",
    body=models.OperatorMessage,
    headers=(IDEMPOTENCY_KEY,),
    answers={201: models.Answered, 200: models.Answered},
    refusals={
        400: ("EMPTY_MESSAGE", "MESSAGE_TOO_LONG"),
        403: HOLDERS_ONLY,
        409: ("IDEMPOTENCY_CONFLICT",),
    },
)
def answer(caller: Caller, body: models.OperatorMessage) -> tuple[models.Row, int]:
    """Answer as the profile, in the chat the operator holds. Sent again with the same id, it answers 200."""
    sent = services().db.call(
        "send_operator_message",
        repeatable=True,
        operator_id=caller.id,
        chat_id=body.chat_id,
        content=body.content,
        client_message_id=body.client_message_id or message_id_from_header(caller) or uuid4(),
    )
    return {"message": sent["message"]}, 200 if sent["repeated"] else 201


@operator.operation(
    "POST",
    "/operator/complete",
    body=models.HeldChat,
    answers={200: models.Assigned},
    refusals={403: HOLDERS_ONLY},
)
def complete(caller: Caller, body: models.HeldChat) -> models.Row:
    """Be done with a chat and take the next that waits, or null."""
    return services().db.call("complete_and_continue", operator_id=caller.id, chat_id=body.chat_id)


@operator.operation(
    "POST",
    "/operator/release",
    body=models.HeldChat,
    answers={200: models.Released},
    refusals={403: HOLDERS_ONLY},
)
def release(caller: Caller, body: models.HeldChat) -> models.Row:
    """Lay a chat down unfinished: it keeps its place and goes to another operator who is free, or back to the queue."""
    return services().db.call("release_chat", operator_id=caller.id, chat_id=body.chat_id)


@operator.operation(
    "POST",
    "/operator/availability",
    body=models.Availability,
    answers={200: models.OperatorState},
    refusals={403: OPERATORS_ONLY},
)
def set_availability(caller: Caller, body: models.Availability) -> models.Row:
    """Come on or go off duty; going releases the chat the operator holds."""
    return services().db.call(
        "set_operator_availability", repeatable=True, operator_id=caller.id, available=body.available
    )


@operator.operation(
    "PATCH",
    "/operator/notes",
    body=models.Notes,
    answers={200: models.SavedNotes},
    refusals={403: HOLDERS_ONLY, 409: ("NOTES_CHANGED",)},
)
def save_notes(caller: Caller, body: models.Notes) -> models.Row:
    """Save the notes on the chat the operator holds, unless somebody else has since they were read."""
    return services().db.call(
        "save_chat_notes",
        operator_id=caller.id,
        chat_id=body.chat_id,
        version=body.version,
        real_profile_notes=body.real_profile_notes,
        fictional_profile_notes=body.fictional_profile_notes,
    )


@operator.operation(
    "GET",
    "/operator/stats",
    query=models.DateRange,
    answers={200: models.OperatorStats},
    refusals={404: ("OPERATOR_NOT_FOUND",)},
)
def stats(caller: Caller, query: models.DateRange) -> models.Row:
    """What the operator did each day (UTC)."""
    return services().db.call(
        "operator_daily_stats", repeatable=True, operator_id=caller.id, **query.bounds()
    )

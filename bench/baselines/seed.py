"""The original design's POST /api/messages: five requests, one after the other, with nothing around them.

SEED_THROUGH says by which road: `pool`, five statements over the connection pool our own API uses, which is this
algorithm at its very best; or `rest`, five requests by the official Python client to SEED_REST_URL with SEED_REST_KEY,
as the original has it. Row level security is left out, which favours it.
"""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Flask, Response, jsonify, request

from api.db import Database

Answer = tuple[Response, int]
FREE_MESSAGES = 3

app = Flask(__name__)


@app.get("/")
def ready() -> dict[str, Any]:
    return {}


def send_over_pool() -> Callable[[UUID, UUID, str], Answer]:
    pool = Database(os.environ["DATABASE_URL"], pool_size=int(os.environ["DATABASE_POOL_SIZE"])).pool
    pool.open()

    def row(statement: str, *values: Any) -> dict[str, Any]:
        with pool.connection() as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchone() or {} if cursor.description else {}

    def send(user_id: UUID, chat_id: UUID, content: str) -> Answer:
        counted = "select count(*) from messages where chat_id = %s and sender_type = 'real'"
        count = row(counted, chat_id)["count"]
        is_free = count < FREE_MESSAGES
        if not is_free:
            user = row("select credits from real_users where id = %s", user_id)
            if user["credits"] < 1:
                return jsonify(error="Insufficient credits."), 402
            row("update real_users set credits = %s where id = %s", user["credits"] - 1, user_id)
        message = row(
            "insert into messages (chat_id, sender_type, content, is_free_message)"
            " values (%s, 'real', %s, %s) returning *",
            chat_id, content, is_free,
        )  # fmt: skip
        row(
            "update chats set last_message_at = %s, message_count = %s where id = %s",
            datetime.now(UTC), count + 1, chat_id,
        )  # fmt: skip
        return jsonify(message=message), 201

    return send


def send_over_rest() -> Callable[[UUID, UUID, str], Answer]:
    from postgrest import CountMethod
    from supabase import create_client

    own = threading.local()

    def send(user_id: UUID, chat_id: UUID, content: str) -> Answer:
        # The client is not made to be shared by threads: its HTTP/2 connection breaks.
        if not hasattr(own, "client"):
            own.client = create_client(os.environ["SEED_REST_URL"], os.environ["SEED_REST_KEY"])
        supabase = own.client
        messages, users = supabase.table("messages"), supabase.table("real_users")
        counted = messages.select("*", count=CountMethod.exact, head=True)
        count = counted.eq("chat_id", str(chat_id)).eq("sender_type", "real").execute().count or 0
        is_free = count < FREE_MESSAGES
        if not is_free:
            user: Any = users.select("credits").eq("id", str(user_id)).single().execute().data
            if user["credits"] < 1:
                return jsonify(error="Insufficient credits."), 402
            users.update({"credits": user["credits"] - 1}).eq("id", str(user_id)).execute()
        row = {"chat_id": str(chat_id), "sender_type": "real", "content": content, "is_free_message": is_free}
        message = messages.insert(row).execute().data[0]
        changes = {"last_message_at": datetime.now(UTC).isoformat(), "message_count": count + 1}
        supabase.table("chats").update(changes).eq("id", str(chat_id)).execute()
        return jsonify(message=message), 201

    return send


send_message = {"pool": send_over_pool, "rest": send_over_rest}[os.environ["SEED_THROUGH"]]()


@app.post("/api/messages")
def send() -> Answer:
    sent = request.get_json()
    return send_message(UUID(sent["senderId"]), UUID(sent["chatId"]), sent["content"])

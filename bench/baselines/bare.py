"""The least that Flask can do: read a JSON body, answer with one like ours. No log, no database, no caller."""

from typing import Any

from flask import Flask, request

app = Flask(__name__)


@app.get("/")
def ready() -> dict[str, Any]:
    return {}


@app.post("/api/messages")
def send() -> tuple[dict[str, Any], int]:
    sent = request.get_json()
    message = {
        "id": "5f2c0f3c-6f6e-4f0e-9b1e-0d6f3b8f2a11",
        "chat_id": sent["chatId"],
        "seq": 11,
        "sender_type": "real",
        "content": sent["content"],
        "client_message_id": "0d6f3b8f-2a11-4f0e-9b1e-5f2c0f3c6f6e",
        "is_free_message": False,
        "created_at": "2026-01-01T12:00:00.000000+00:00",
        "delivered_at": None,
        "read_at": None,
        "refunded_at": None,
    }
    return {"message": message, "credits": 99}, 201

"""Frames of the Phoenix channel protocol as the Supabase clients speak it.

Version 1.0.0 (the Python client) puts one JSON object in a text frame; version 2.0.0 (supabase-js) a JSON
array. With 2.0.0 a client sends its broadcasts as binary frames, in which lengths are single bytes and first:

    kind 3, client to server:  3, len(join_ref), len(ref), len(topic), len(event), len(metadata), encoding
    kind 4, server to client:  4, len(topic), len(event), len(metadata), encoding

then the parts in the same order, then the payload. Encoding 0 is raw bytes, 1 is JSON.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

USER_BROADCAST_PUSH = 3
USER_BROADCAST = 4
RAW, JSON = 0, 1

Frame = str | bytes


class Version(StrEnum):
    """A serializer version, as the client names it in `vsn`."""

    V1 = "1.0.0"
    V2 = "2.0.0"


class ProtocolError(ValueError):
    """A frame that no client of this protocol sends."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message from a client. The payload of a raw broadcast holds `bytes` under its `payload` key."""

    topic: str
    event: str
    payload: dict[str, Any]
    ref: str | None = None
    join_ref: str | None = None


def to_json(value: object) -> str:
    """JSON as it goes over the wire: compact, and not escaped beyond need."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def decode(version: Version, frame: Frame) -> Message:
    """The message in a client's frame; raises ProtocolError on anything malformed."""
    if isinstance(frame, bytes):
        if version is not Version.V2:
            raise ProtocolError("binary frames need version 2.0.0")
        return _decode_binary(frame)
    try:
        parts = json.loads(frame)
        if version is Version.V2:
            join_ref, ref, topic, event, payload = parts
        else:
            join_ref, ref = parts.get("join_ref"), parts.get("ref")
            topic, event, payload = parts["topic"], parts["event"], parts["payload"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProtocolError("not a message of this version") from error
    if not isinstance(topic, str) or not isinstance(event, str):
        raise ProtocolError("topic and event are strings")
    if not all(value is None or isinstance(value, str) for value in (ref, join_ref)):
        raise ProtocolError("ref and join_ref are strings or null")
    return Message(topic, event, payload if isinstance(payload, dict) else {}, ref, join_ref)


def encode(
    version: Version,
    topic: str,
    event: str,
    payload: str,
    ref: str | None = None,
    join_ref: str | None = None,
) -> str:
    """A text frame. `payload` is JSON already, so that one payload is written once for all who receive it."""
    if version is Version.V2:
        return f"[{to_json(join_ref)},{to_json(ref)},{to_json(topic)},{to_json(event)},{payload}]"
    return f'{{"topic":{to_json(topic)},"event":{to_json(event)},"payload":{payload},"ref":{to_json(ref)}}}'


def encode_raw_broadcast(topic: str, event: str, payload: bytes, metadata: dict[str, Any]) -> bytes:
    """A kind 4 frame carrying raw bytes, which no text frame can."""
    parts = [topic.encode(), event.encode(), to_json(metadata).encode() if metadata else b""]
    if any(len(part) > 255 for part in parts):
        raise ProtocolError("topic, event and metadata of a raw broadcast are at most 255 bytes each")
    return bytes([USER_BROADCAST, *map(len, parts), RAW]) + b"".join(parts) + payload


def _decode_binary(frame: bytes) -> Message:
    if len(frame) < 7 or frame[0] != USER_BROADCAST_PUSH:
        raise ProtocolError("not a user broadcast push")
    lengths, encoding = frame[1:6], frame[6]
    if len(frame) < 7 + sum(lengths):
        raise ProtocolError("the frame is shorter than its header says")
    parts, position = [], 7
    for length in lengths:
        parts.append(frame[position : position + length])
        position += length
    try:
        join_ref, ref, topic, event, _metadata = (part.decode() for part in parts)
        payload = frame[position:] if encoding == RAW else json.loads(frame[position:])
    except ValueError as error:
        raise ProtocolError("not UTF-8 or not JSON where it should be") from error
    broadcast = {"type": "broadcast", "event": event, "payload": payload}
    return Message(topic, "broadcast", broadcast, ref or None, join_ref or None)

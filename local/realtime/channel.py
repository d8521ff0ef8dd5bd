"""One topic joined over one socket: what it may do, what it is told, and when it ends."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from local.realtime.authorization import Extension, Identity, expiry_notice
from local.realtime.protocol import Frame, Version, encode, to_json
from local.realtime.rooms import Room
from local.realtime.subscriptions import Subscription

if TYPE_CHECKING:
    from local.realtime.connection import Connection

# A token is looked at when it expires, but at least this often: the machine may have slept.
EXPIRY_CHECK_SECONDS = 300
PRESENCE_CALLS, PRESENCE_WINDOW_SECONDS = 5, 30


@dataclass(frozen=True, slots=True)
class Config:
    """What a client asked for when it joined."""

    private: bool
    broadcast_to_self: bool
    acknowledge: bool
    replication_ready: bool
    replay: Any
    presence_enabled: bool
    presence_key: str
    postgres_changes: list[dict[str, Any]]

    @classmethod
    def of(cls, payload: dict[str, Any]) -> Config:
        """The configuration in a join's payload; what is missing or of the wrong type was not asked for."""
        config = _dict(payload.get("config"))
        broadcast, presence = _dict(config.get("broadcast")), _dict(config.get("presence"))
        changes = config.get("postgres_changes") or []
        return cls(
            private=_true(config.get("private")),
            broadcast_to_self=_true(broadcast.get("self")),
            acknowledge=_true(broadcast.get("ack")),
            replication_ready=_true(broadcast.get("replication_ready")),
            replay=broadcast.get("replay"),
            presence_enabled=_true(presence.get("enabled")),
            presence_key=str(presence.get("key") or "") or str(uuid4()),
            postgres_changes=[one for one in changes if isinstance(one, dict)],
        )


@dataclass(eq=False, slots=True)
class Channel:
    """A joined topic. `readable` are the extensions whose messages reach it."""

    connection: Connection
    room: Room
    join_ref: str | None
    config: Config
    token: str
    identity: Identity
    readable: frozenset[Extension]
    binding_ids: list[int]
    presence_enabled: bool
    subscriptions: list[Subscription] = field(default_factory=list)
    writable: dict[Extension, bool] = field(default_factory=dict)
    _presence_calls: deque[float] = field(default_factory=deque)
    _expiry: asyncio.TimerHandle | None = None

    @property
    def version(self) -> Version:
        return self.connection.version

    def hears(self, extension: Extension) -> bool:
        """Whether messages of this extension are for this channel."""
        if extension is Extension.PRESENCE and not self.presence_enabled:
            return False
        return not self.room.private or extension in self.readable

    def send(self, frame: Frame) -> None:
        """Queue a frame for the client."""
        self.connection.send(frame)

    def push(self, event: str, payload: object, ref: str | None = None) -> None:
        """Send one event of this channel."""
        self.push_json(event, to_json(payload), ref)

    def push_json(self, event: str, payload: str, ref: str | None = None) -> None:
        """Send one event whose payload is JSON already."""
        self.send(encode(self.version, self.room.wire_topic, event, payload, ref, self.join_ref))

    def push_change(self, ids: list[int], data: str) -> None:
        """Tell of a changed row: `ids` are the bindings it matched."""
        self.push_json("postgres_changes", f'{{"ids":{to_json(ids)},"data":{data}}}')

    def push_system(self, extension: str, status: str, message: str) -> None:
        """Say how an extension of this channel fares."""
        payload = {"channel": self.room.topic, "extension": extension, "message": message, "status": status}
        self.push("system", payload)

    def close(self) -> None:
        """Tell the client that this channel is no more."""
        self.push("phx_close", {}, self.join_ref)

    def watch_expiry(self) -> None:
        """End the channel when its token expires."""
        self.forget_expiry()
        remaining = self.identity.expires_at - time.time()
        if remaining <= 0:
            self.connection.stop(self, expiry_notice(self.identity.expires_at))
            return
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_later(min(remaining, EXPIRY_CHECK_SECONDS), self.watch_expiry)

    def forget_expiry(self) -> None:
        """Stop watching."""
        if self._expiry:
            self._expiry.cancel()

    def exceeds_presence_rate(self) -> bool:
        """Count one presence call; true when it is one too many."""
        now = time.monotonic()
        while self._presence_calls and self._presence_calls[0] <= now - PRESENCE_WINDOW_SECONDS:
            self._presence_calls.popleft()
        self._presence_calls.append(now)
        return len(self._presence_calls) > PRESENCE_CALLS


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _true(value: object) -> bool:
    return value is True or value == "true"

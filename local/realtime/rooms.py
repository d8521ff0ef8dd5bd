"""Who is in which room, and what everybody in a room is told.

A public and a private topic of one name are two rooms: neither hears the other.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Protocol

from local.realtime.authorization import Extension
from local.realtime.protocol import Frame, Version, encode, encode_raw_broadcast, to_json

TOPIC_PREFIX = "realtime:"

Meta = dict[str, Any]
Presences = dict[str, dict[str, list[Meta]]]


@dataclass(frozen=True, slots=True)
class Room:
    """A topic, without the prefix it has on the wire."""

    topic: str
    private: bool

    @property
    def wire_topic(self) -> str:
        return TOPIC_PREFIX + self.topic


class Member(Protocol):
    """One channel of one socket."""

    @property
    def version(self) -> Version:
        """How its frames are written."""

    def hears(self, extension: Extension) -> bool:
        """Whether messages of this extension are for it."""

    def send(self, frame: Frame) -> None:
        """Queue a frame for the client."""


class Rooms:
    """The members and the presences of every room that has any."""

    def __init__(self) -> None:
        self._members: dict[Room, set[Member]] = defaultdict(set)
        self._presences: dict[Room, dict[Member, tuple[str, Meta]]] = defaultdict(dict)

    def enter(self, room: Room, member: Member) -> None:
        """Let the member hear the room from now on."""
        self._members[room].add(member)

    def leave(self, room: Room, member: Member) -> None:
        """Let it hear nothing more, and tell the others if it was present."""
        self._members[room].discard(member)
        self.untrack(room, member)
        if not self._members[room]:
            del self._members[room]

    def broadcast(
        self,
        room: Room,
        event: str,
        payload: object,
        *,
        metadata: dict[str, Any] | None = None,
        sender: Member | None = None,
    ) -> None:
        """Send a user's event to all in the room but `sender`; raw bytes only to those of version 2."""
        if isinstance(payload, bytes):
            frame = encode_raw_broadcast(room.wire_topic, event, payload, metadata or {})
            frames: dict[Version, Frame] = {Version.V2: frame}
        else:
            body: dict[str, Any] = {"type": "broadcast", "event": event, "payload": payload}
            if metadata:
                body["meta"] = metadata
            frames = _frames(room, "broadcast", body)
        self._send(room, frames, Extension.BROADCAST, sender)

    def track(self, room: Room, member: Member, key: str, state: dict[str, Any]) -> None:
        """Make the member present under `key`, or change its state; nothing happens when it is the same."""
        before = self._presences[room].get(member)
        meta: Meta = {**state, "phx_ref": _presence_ref()}
        leaves: Presences = {}
        if before:
            _, old = before
            if {name: value for name, value in old.items() if not name.startswith("phx_ref")} == state:
                return
            meta["phx_ref_prev"] = old["phx_ref"]
            leaves = {key: {"metas": [old]}}
        self._presences[room][member] = key, meta
        self._send_diff(room, {key: {"metas": [meta]}}, leaves)

    def untrack(self, room: Room, member: Member) -> None:
        """Make the member absent, if it is present."""
        presences = self._presences.get(room, {})
        if before := presences.pop(member, None):
            key, meta = before
            self._send_diff(room, {}, {key: {"metas": [meta]}})
        if room in self._presences and not presences:
            del self._presences[room]

    def presences(self, room: Room) -> Presences:
        """Who is present, by key; a key has one meta for each channel that uses it."""
        state: Presences = {}
        for key, meta in self._presences.get(room, {}).values():
            state.setdefault(key, {"metas": []})["metas"].append(meta)
        return state

    def _send_diff(self, room: Room, joins: Presences, leaves: Presences) -> None:
        frames = _frames(room, "presence_diff", {"joins": joins, "leaves": leaves})
        self._send(room, frames, Extension.PRESENCE)

    def _send(
        self, room: Room, frames: dict[Version, Frame], extension: Extension, sender: Member | None = None
    ) -> None:
        for member in list(self._members.get(room, ())):
            if member is not sender and member.version in frames and member.hears(extension):
                member.send(frames[member.version])


def _frames(room: Room, event: str, payload: object) -> dict[Version, Frame]:
    body = to_json(payload)
    return {version: encode(version, room.wire_topic, event, body) for version in Version}


def _presence_ref() -> str:
    return "F" + secrets.token_urlsafe(11)

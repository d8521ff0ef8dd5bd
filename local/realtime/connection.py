"""One client's WebSocket: its frames in, its channels, its frames out."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import psycopg
from starlette.websockets import WebSocket, WebSocketDisconnect

from local.realtime.authorization import Extension, TokenRefused, identify
from local.realtime.channel import Channel, Config
from local.realtime.protocol import Frame, Message, ProtocolError, Version, decode, encode, to_json
from local.realtime.replay import Replay, ReplayRefused
from local.realtime.rooms import TOPIC_PREFIX, Room
from local.realtime.subscriptions import SUBSCRIBED, Subscription, SubscriptionRefused

if TYPE_CHECKING:
    from local.realtime.service import Service

log = logging.getLogger(__name__)

MAX_BROADCAST_BYTES = 3_000 * 1024
MAX_CHANNELS = 100
# Clients send a heartbeat every 25 seconds.
IDLE_SECONDS = 60
# A client that has this much waiting does not read what it is sent.
MAX_WAITING_BYTES = 8 << 20

NO_READING = "Unauthorized: You do not have permissions to read from this Channel topic: {}"
NO_DATABASE = "InitializingProjectConnection: Connecting to the project database"

CLOSE_NORMAL, CLOSE_PROTOCOL_ERROR = 1000, 1002


class JoinRefused(Exception):
    """A join that is answered with an error; `str()` is the reason."""


class Connection:
    """A socket with its channels by topic. `token` is what it was opened with."""

    def __init__(self, service: Service, websocket: WebSocket, version: Version, token: str) -> None:
        self.version = version
        self._service = service
        self._websocket = websocket
        self._token = token
        self._channels: dict[str, Channel] = {}
        self._waiting: asyncio.Queue[Frame] = asyncio.Queue()
        self._waiting_bytes = 0
        self._overflowed = asyncio.Event()

    async def run(self) -> None:
        """Serve the client until it leaves, falls silent or stops reading."""
        reading = asyncio.create_task(self._read())
        tasks = [reading, asyncio.create_task(self._write()), asyncio.create_task(self._overflowed.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            for channel in list(self._channels.values()):
                self._forget(channel)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                raise result
        if not reading.cancelled() and not reading.exception() and (code := reading.result()):
            await self._websocket.close(code)

    def send(self, frame: Frame) -> None:
        """Queue a frame; a client that lets too much pile up is cut off, and comes back when it can."""
        self._waiting_bytes += len(frame)
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self._overflowed.set()
        else:
            self._waiting.put_nowait(frame)

    def stop(self, channel: Channel, reason: str) -> None:
        """End a channel from this side and say why."""
        channel.push_system("system", "error", reason)
        channel.close()
        self._forget(channel)

    async def _write(self) -> None:
        while True:
            frame = await self._waiting.get()
            if isinstance(frame, bytes):
                await self._websocket.send_bytes(frame)
            else:
                await self._websocket.send_text(frame)
            self._waiting_bytes -= len(frame)

    async def _read(self) -> int | None:
        """Handle what the client sends, until it is gone (None) or its socket is to be closed, with this code."""
        while True:
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    received = await self._websocket.receive()
            except TimeoutError:
                return CLOSE_NORMAL
            if received["type"] == "websocket.disconnect":
                return None
            frame: Frame = received["bytes"] if received.get("text") is None else received["text"]
            try:
                message = decode(self.version, frame)
            except ProtocolError as error:
                log.info("a client is cut off: %s", error)
                return CLOSE_PROTOCOL_ERROR
            await self._handle(message)

    async def _handle(self, message: Message) -> None:
        if message.topic == "phoenix" and message.event == "heartbeat":
            self._reply(message)
            return
        if message.event == "phx_join":
            await self._answer_join(message)
            return
        channel = self._channels.get(message.topic)
        if channel is None:
            if message.event == "phx_leave":
                self._reply(message)
            else:
                self._reply(message, "error", {"reason": "unmatched topic"})
            return
        if message.join_ref is not None and message.join_ref != channel.join_ref:
            return  # meant for a channel of this topic that has been left
        match message.event:
            case "phx_leave":
                self._reply(message)
                channel.close()
                self._forget(channel)
            case "access_token":
                await self._renew(channel, message.payload.get("access_token"))
            case "broadcast":
                await self._broadcast(channel, message)
            case "presence":
                await self._presence(channel, message)

    async def _answer_join(self, message: Message) -> None:
        if previous := self._channels.get(message.topic):
            previous.close()
            self._forget(previous)
        try:
            await self._join(message)
        except JoinRefused as refusal:
            # Late, as on the host, so that clients do not storm it with another try.
            response = {"reason": str(refusal)}
            asyncio.get_running_loop().call_later(
                self._service.refusal_delay, self._reply, message, "error", response
            )

    async def _join(self, message: Message) -> None:
        topic = message.topic.removeprefix(TOPIC_PREFIX)
        if topic == message.topic:
            raise JoinRefused("unmatched topic")
        if not topic:
            raise JoinRefused("TopicNameRequired: You must provide a topic name")
        if len(self._channels) >= MAX_CHANNELS:
            raise JoinRefused("ChannelRateLimitReached: Too many channels")
        config = Config.of(message.payload)
        token = message.payload.get("access_token") or message.payload.get("user_token")
        if not isinstance(token, str) or token.startswith("sb_"):
            token = self._token
        try:
            identity = identify(self._service.project, token)
            replay = Replay.of(config.replay, private=config.private) if config.replay else None
        except (TokenRefused, ReplayRefused) as refusal:
            raise JoinRefused(str(refusal)) from refusal
        room = Room(topic, config.private)
        channel = Channel(
            connection=self,
            room=room,
            join_ref=message.join_ref or message.ref,
            config=config,
            token=token,
            identity=identity,
            readable=frozenset(Extension),
            binding_ids=[self._service.subscription_factory.next_id() for _ in config.postgres_changes],
            presence_enabled=config.presence_enabled,
        )
        refused = None
        try:
            if room.private and not await self._may_read(channel):
                raise JoinRefused(NO_READING.format(topic))
            try:
                channel.subscriptions = await self._subscriptions(channel)
            except SubscriptionRefused as refusal:
                refused = str(refusal)
            replayed = await replay.messages(self._service.pool, topic) if replay else []
        except psycopg.OperationalError as error:
            log.warning("a join of %s waits for the database: %s", topic, error)
            raise JoinRefused(NO_DATABASE) from error

        bindings = [
            {**parameters, "id": id_}
            for parameters, id_ in zip(config.postgres_changes, channel.binding_ids, strict=True)
        ]
        self._reply(message, response={"postgres_changes": bindings})
        self._channels[message.topic] = channel
        self._service.rooms.enter(room, channel)
        self._service.subscriptions.add(channel.subscriptions)
        self._tell_subscribed(channel, refused)
        if config.replication_ready:
            channel.push_system("system", "ok", "Replication connection established")
        if channel.hears(Extension.PRESENCE):
            channel.push("presence_state", self._service.rooms.presences(room))
        for one in replayed:
            channel.push("broadcast", one)
        channel.watch_expiry()

    async def _renew(self, channel: Channel, token: object) -> None:
        """Go on as whoever the new token names, as far as that may be here."""
        if not isinstance(token, str) or token.startswith("sb_") or token == channel.token:
            return
        try:
            channel.identity = identify(self._service.project, token)
        except TokenRefused as refusal:
            self.stop(channel, str(refusal))
            return
        channel.token = token
        channel.writable.clear()
        refused, subscriptions = None, []
        try:
            if channel.room.private and not await self._may_read(channel):
                self.stop(channel, NO_READING.format(channel.room.topic))
                return
            subscriptions = await self._subscriptions(channel)
        except SubscriptionRefused as refusal:
            refused = str(refusal)
        except psycopg.OperationalError as error:
            log.warning("%s is closed for want of a database: %s", channel.room.topic, error)
            self.stop(channel, NO_DATABASE)
            return
        self._service.subscriptions.remove(channel.subscriptions)
        channel.subscriptions = subscriptions
        self._service.subscriptions.add(subscriptions)
        self._tell_subscribed(channel, refused)
        channel.watch_expiry()

    async def _may_read(self, channel: Channel) -> bool:
        readable = await self._service.authorizer.readable(channel.identity, channel.room.topic)
        channel.readable = readable if channel.presence_enabled else readable - {Extension.PRESENCE}
        return bool(channel.readable)

    async def _may_write(self, channel: Channel, extension: Extension) -> bool:
        if not channel.room.private:
            return True
        if extension not in channel.writable:
            try:
                allowed = await self._service.authorizer.may_write(
                    channel.identity, channel.room.topic, extension
                )
            except psycopg.OperationalError as error:
                log.warning("nobody may write to %s without a database: %s", channel.room.topic, error)
                return False
            channel.writable[extension] = allowed
        return channel.writable[extension]

    async def _subscriptions(self, channel: Channel) -> list[Subscription]:
        return [
            await self._service.subscription_factory.subscription(id_, parameters, channel.identity, channel)
            for id_, parameters in zip(channel.binding_ids, channel.config.postgres_changes, strict=True)
        ]

    @staticmethod
    def _tell_subscribed(channel: Channel, refused: str | None) -> None:
        if refused:
            channel.push_system("postgres_changes", "error", refused)
        elif channel.subscriptions:
            channel.push_system("postgres_changes", "ok", SUBSCRIBED)

    async def _broadcast(self, channel: Channel, message: Message) -> None:
        if not await self._may_write(channel, Extension.BROADCAST):
            return
        event, payload = message.payload.get("event"), message.payload.get("payload", {})
        size = len(payload if isinstance(payload, bytes) else to_json(payload).encode())
        if size > MAX_BROADCAST_BYTES or not isinstance(event, str):
            if channel.config.acknowledge:
                self._reply(message, "error")
            return
        sender = None if channel.config.broadcast_to_self else channel
        self._service.rooms.broadcast(channel.room, event, payload, sender=sender)
        if channel.config.acknowledge:
            self._reply(message)

    async def _presence(self, channel: Channel, message: Message) -> None:
        if channel.exceeds_presence_rate():
            self.stop(channel, "Client presence rate limit exceeded")
            return
        if not await self._may_write(channel, Extension.PRESENCE):
            self._reply(message, "error")
            return
        event, state = str(message.payload.get("event")).lower(), message.payload.get("payload", {})
        if event == "untrack":
            self._service.rooms.untrack(channel.room, channel)
        elif event != "track":
            self._reply(message, "error", {"reason": f"UnknownPresenceEvent: {event}"})
            return
        elif not isinstance(state, dict):
            self._reply(message, "error", {"reason": "Presence track payload must be a map"})
            return
        else:
            if not channel.presence_enabled:
                await self._enable_presence(channel)
            self._service.rooms.track(channel.room, channel, channel.config.presence_key, state)
        self._reply(message)

    async def _enable_presence(self, channel: Channel) -> None:
        """Who makes itself present also hears of the others, whether or not it asked to when it joined."""
        channel.presence_enabled = True
        if channel.room.private:
            await self._may_read(channel)
        if channel.hears(Extension.PRESENCE):
            channel.push("presence_state", self._service.rooms.presences(channel.room))

    def _forget(self, channel: Channel) -> None:
        channel.forget_expiry()
        if self._channels.get(channel.room.wire_topic) is channel:
            del self._channels[channel.room.wire_topic]
            self._service.subscriptions.remove(channel.subscriptions)
            self._service.rooms.leave(channel.room, channel)

    def _reply(self, message: Message, status: str = "ok", response: dict[str, Any] | None = None) -> None:
        payload = to_json({"status": status, "response": response or {}})
        self.send(encode(self.version, message.topic, "phx_reply", payload, message.ref, message.join_ref))

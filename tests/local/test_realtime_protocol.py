"""Frames, filters and the replication stream's messages, without a server."""

import json
import struct

import pytest

from local.realtime.filters import Condition, FilterError, parse
from local.realtime.pgoutput import Decoder, Operation, Unchanged
from local.realtime.protocol import Message, ProtocolError, Version, decode, encode, encode_raw_broadcast

BROADCAST_PUSH = bytes([3, 1, 1, 13, 2, 0, 1]) + b"12realtime:roomhi" + b'{"a":1}'


def test_version_2_is_a_json_array_with_the_refs_first() -> None:
    frame = '["1","2","realtime:room","phx_join",{"config":{}}]'
    assert decode(Version.V2, frame) == Message("realtime:room", "phx_join", {"config": {}}, "2", "1")


def test_version_1_is_a_json_object() -> None:
    frame = '{"topic":"phoenix","event":"heartbeat","payload":{},"ref":null}'
    assert decode(Version.V1, frame) == Message("phoenix", "heartbeat", {})


def test_a_binary_push_is_a_broadcast() -> None:
    message = decode(Version.V2, BROADCAST_PUSH)
    assert (message.join_ref, message.ref) == ("1", "2")
    assert (message.topic, message.event) == ("realtime:room", "broadcast")
    assert message.payload == {"type": "broadcast", "event": "hi", "payload": {"a": 1}}


def test_a_binary_push_can_carry_raw_bytes() -> None:
    frame = bytes([3, 0, 0, 10, 1, 0, 0]) + b"realtime:ae" + b"\x00\xff"
    assert decode(Version.V2, frame).payload["payload"] == b"\x00\xff"


@pytest.mark.parametrize(
    ("version", "frame"),
    [
        (Version.V2, "{"),
        (Version.V2, "[1,2]"),
        (Version.V2, '{"topic":"a"}'),
        (Version.V2, '["1",7,"realtime:a","phx_join",{}]'),
        (Version.V2, '[null,null,3,"phx_join",{}]'),
        (Version.V1, "[]"),
        (Version.V1, '{"topic":"a","event":"b"}'),
        (Version.V1, BROADCAST_PUSH),
        (Version.V2, b""),
        (Version.V2, bytes([4]) + BROADCAST_PUSH[1:]),
        (Version.V2, BROADCAST_PUSH[:12]),
        (Version.V2, BROADCAST_PUSH[:-1]),
        (Version.V2, bytes([3, 0, 0, 1, 0, 0, 1]) + b"\xff{}"),
    ],
)
def test_a_malformed_frame_is_refused(version: Version, frame: str | bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(version, frame)


def test_what_is_sent_is_what_each_version_reads() -> None:
    v1 = json.loads(encode(Version.V1, "realtime:é", "system", '{"a":1}'))
    assert v1 == {"topic": "realtime:é", "event": "system", "payload": {"a": 1}, "ref": None}
    v2 = json.loads(encode(Version.V2, "realtime:é", "phx_reply", "{}", "7", "1"))
    assert v2 == ["1", "7", "realtime:é", "phx_reply", {}]


def test_a_raw_broadcast_says_its_lengths_in_bytes() -> None:
    frame = encode_raw_broadcast("realtime:é", "e", b"\x01\x02", {"id": "7"})
    assert frame == bytes([4, 11, 1, 10, 0]) + "realtime:é".encode() + b"e" + b'{"id":"7"}' + b"\x01\x02"


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("id=eq.1", [Condition("id", "eq", ("1",))]),
        ("name=eq.a=b.c", [Condition("name", "eq", ("a=b.c",))]),
        ("id=in.(1,2,3)", [Condition("id", "in", ("1", "2", "3"))]),
        ('name=in.("a,b","c\\"d",e)', [Condition("name", "in", ("a,b", 'c"d', "e"))]),
        ("gone=is.null", [Condition("gone", "is", ("null",))]),
        ("id=not.eq.1", [Condition("id", "eq", ("1",), negated=True)]),
        (
            "a=gt.1,b=not.in.(x,y)",
            [Condition("a", "gt", ("1",)), Condition("b", "in", ("x", "y"), negated=True)],
        ),
        ('name=eq."a,b"', [Condition("name", "eq", ("a,b",))]),
    ],
)
def test_a_filter_is_taken_apart(text: str, conditions: list[Condition]) -> None:
    assert list(parse(text)) == conditions


@pytest.mark.parametrize("text", ["id", "id=1", "id=like", "id=is.7", "id=in.1,2", "id=frob.1", "id=eq.1,"])
def test_a_filter_that_does_not_parse_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text)


def test_more_than_a_hundred_values_are_refused() -> None:
    with pytest.raises(FilterError):
        parse(f"id=in.({','.join(map(str, range(101)))})")


def relation(*columns: tuple[str, bool], identity: bytes = b"d") -> bytes:
    described = b"".join(
        bytes([key]) + name.encode() + b"\0" + struct.pack("!Ii", 25, -1) for name, key in columns
    )
    return (
        b"R"
        + struct.pack("!I", 9)
        + b"public\0notes\0"
        + identity
        + struct.pack("!H", len(columns))
        + described
    )


def row(*values: str | None) -> bytes:
    parts = [
        b"n"
        if value is None
        else b"u"
        if value == "<unchanged>"
        else b"t" + struct.pack("!I", len(value)) + value.encode()
        for value in values
    ]
    return struct.pack("!H", len(parts)) + b"".join(parts)


BEGIN = b"B" + struct.pack("!QqI", 1, 86_400_000_000, 5)
COMMIT = b"C" + struct.pack("!BQQq", 0, 1, 2, 86_400_000_000)
NOTES = struct.pack("!I", 9)


def test_a_transaction_is_decoded_into_its_changes() -> None:
    messages = [
        BEGIN,
        relation(("id", True), ("body", False)),
        b"I" + NOTES + b"N" + row("1", None),
        b"U" + NOTES + b"N" + row("1", "b"),
        b"U" + NOTES + b"K" + row("1", None) + b"N" + row("2", "b"),
        b"T" + struct.pack("!IBI", 1, 0, 9),
        b"D" + NOTES + b"K" + row("2", None),
        COMMIT,
    ]
    changes = list(Decoder().decode(messages))
    assert [(change.operation, change.new, change.old) for change in changes] == [
        (Operation.INSERT, {"id": "1", "body": None}, None),
        (Operation.UPDATE, {"id": "1", "body": "b"}, None),
        (Operation.UPDATE, {"id": "2", "body": "b"}, {"id": "1"}),
        (Operation.DELETE, None, {"id": "2"}),
    ]
    assert {change.committed_at.isoformat() for change in changes} == {"2000-01-02T00:00:00+00:00"}


def test_a_large_value_that_did_not_change_comes_from_the_old_row_or_not_at_all() -> None:
    full = [relation(("id", True), ("body", True), identity=b"f")]
    full.append(b"U" + NOTES + b"O" + row("1", "long") + b"N" + row("1", "<unchanged>"))
    (change,) = Decoder().decode(full)
    assert change.new == {"id": "1", "body": "long"}
    (change,) = Decoder().decode(
        [relation(("id", True), ("body", False)), b"U" + NOTES + b"N" + row("1", "<unchanged>")]
    )
    assert change.new == {"id": "1", "body": Unchanged.VALUE}

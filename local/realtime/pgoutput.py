"""A decoder for the messages of PostgreSQL's `pgoutput` plugin, protocol version 1.

The format is in the PostgreSQL manual, "Logical Replication Message Formats". Column values arrive as the
text that PostgreSQL's output functions make of them.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum

POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Unchanged(Enum):
    """The value of a large column that an UPDATE left alone: it is not in the log."""

    VALUE = "unchanged"


Value = str | None | Unchanged
Row = dict[str, Value]


class Operation(StrEnum):
    """What happened to a row, as Realtime names it."""

    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Relation:
    """A table as it was when its rows were written."""

    oid: int
    schema: str
    name: str
    columns: tuple[str, ...]
    key_columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """One row changed by a committed transaction.

    `old` holds what the replica identity keeps of the old row: nothing, the key, or everything.
    """

    operation: Operation
    relation: Relation
    committed_at: datetime
    new: Row | None
    old: Row | None

    @property
    def row(self) -> Row:
        """The row as it is now, or of a deleted one what is known of it."""
        return self.old or {} if self.new is None else self.new


class Reader:
    """Takes a message apart from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, layout: str) -> int:
        """The next number, by its `struct` layout in network byte order."""
        (value,) = struct.unpack_from(f"!{layout}", self._data, self._position)
        self._position += struct.calcsize(f"!{layout}")
        return int(value)

    def letter(self) -> str:
        """The next byte, as the letter it stands for."""
        return chr(self.take("B"))

    def string(self) -> str:
        """The next string, up to its null byte."""
        end = self._data.index(0, self._position)
        value = self._data[self._position : end].decode()
        self._position = end + 1
        return value

    def text(self, length: int) -> str:
        """The next `length` bytes."""
        value = self._data[self._position : self._position + length].decode()
        self._position += length
        return value


class Decoder:
    """Turns the messages of one slot, in their order, into changes.

    Transactions arrive whole and in commit order. Truncations, origins and type descriptions are passed over:
    Realtime delivers none of them.
    """

    def __init__(self) -> None:
        self._relations: dict[int, Relation] = {}
        self._committed_at = POSTGRES_EPOCH

    def decode(self, messages: Iterable[bytes]) -> Iterator[Change]:
        """The changes in `messages`."""
        for message in messages:
            reader = Reader(message)
            match reader.letter():
                case "B":
                    reader.take("Q")  # the position of the commit
                    self._committed_at = POSTGRES_EPOCH + timedelta(microseconds=reader.take("q"))
                case "R":
                    relation = self._relation(reader)
                    self._relations[relation.oid] = relation
                case "I":
                    relation = self._relations[reader.take("I")]
                    reader.letter()  # always N: a new row follows
                    yield self._change(Operation.INSERT, relation, self._row(reader, relation), None)
                case "U":
                    yield self._update(reader)
                case "D":
                    relation = self._relations[reader.take("I")]
                    kind = reader.letter()
                    old = self._old_row(reader, relation, kind)
                    yield self._change(Operation.DELETE, relation, None, old)

    def _update(self, reader: Reader) -> Change:
        relation = self._relations[reader.take("I")]
        old = None
        if (kind := reader.letter()) != "N":
            old = self._old_row(reader, relation, kind)
            reader.letter()
        new = self._row(reader, relation)
        if old is not None:
            unchanged = {name for name, value in new.items() if value is Unchanged.VALUE}
            new |= {name: old[name] for name in unchanged & old.keys()}
        return self._change(Operation.UPDATE, relation, new, old)

    def _old_row(self, reader: Reader, relation: Relation, kind: str) -> Row:
        row = self._row(reader, relation)
        if kind == "O":
            return row
        return {name: value for name, value in row.items() if name in relation.key_columns}

    def _change(self, operation: Operation, relation: Relation, new: Row | None, old: Row | None) -> Change:
        return Change(operation, relation, self._committed_at, new, old)

    @staticmethod
    def _relation(reader: Reader) -> Relation:
        oid, schema, name = reader.take("I"), reader.string(), reader.string()
        reader.letter()  # replica identity
        columns, keys = [], []
        for _ in range(reader.take("H")):
            is_key = reader.take("B") & 1
            column = reader.string()
            reader.take("I")  # type
            reader.take("i")  # type modifier
            columns.append(column)
            if is_key:
                keys.append(column)
        return Relation(oid, schema, name, tuple(columns), frozenset(keys))

    @staticmethod
    def _row(reader: Reader, relation: Relation) -> Row:
        row: Row = {}
        for _, name in zip(range(reader.take("H")), relation.columns, strict=True):
            match reader.letter():
                case "n":
                    row[name] = None
                case "u":
                    row[name] = Unchanged.VALUE
                case "t":
                    row[name] = reader.text(reader.take("I"))
        return row

"""Where the stand-in keeps what it knows: JSON documents by kind, in one SQLite file that survives a restart."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

Kind = Literal["transaction", "refund", "dispute", "webhook"]

# Real ids outgrew 32 bits in 2022 and so do these.
_FIRST_ID = 5_000_000_000


class DuplicateKey(Exception):
    """Another document of this kind has the same key."""


class Store:
    """Documents, each with a kind, an id it is given, and a key that is unique within its kind."""

    def __init__(self, path: Path) -> None:
        # Opened where the application is made and used where it runs: two threads, but never at once.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute(
            "create table if not exists documents"
            " (id integer primary key autoincrement, kind text not null, key text not null, body text not null,"
            " unique (kind, key))"
        )
        self._connection.execute(
            "insert into sqlite_sequence (name, seq) select 'documents', ?"
            " where not exists (select 1 from sqlite_sequence where name = 'documents')",
            [_FIRST_ID],
        )

    def close(self) -> None:
        self._connection.close()

    def clear(self) -> None:
        """Forget everything. Ids are not used again."""
        self._connection.execute("delete from documents")

    def add(self, kind: Kind, key: str, body: Mapping[str, Any]) -> Any:
        """Store a new document and return it with its `id`. Raises DuplicateKey."""
        try:
            cursor = self._connection.execute(
                "insert into documents (kind, key, body) values (?, ?, ?) returning id",
                [kind, key, json.dumps(body)],
            )
        except sqlite3.IntegrityError as error:
            raise DuplicateKey(key) from error
        return {"id": cursor.fetchone()[0], **body}

    def save(self, kind: Kind, document: Mapping[str, Any]) -> None:
        """Replace the document that has this one's id."""
        body = {name: value for name, value in document.items() if name != "id"}
        self._connection.execute(
            "update documents set body = ? where kind = ? and id = ?",
            [json.dumps(body), kind, document["id"]],
        )

    def by_key(self, kind: Kind, key: str) -> Any:
        """The document of this key, or None."""
        return next(self._read("kind = ? and key = ?", [kind, key]), None)

    def by_id(self, kind: Kind, document_id: int) -> Any:
        """The document of this id, or None."""
        return next(self._read("kind = ? and id = ?", [kind, document_id]), None)

    def all(self, kind: Kind) -> list[Any]:
        """Every document of a kind, oldest first."""
        return list(self._read("kind = ? order by id", [kind]))

    def _read(self, condition: str, values: list[Any]) -> Iterator[Any]:
        rows = self._connection.execute(f"select id, body from documents where {condition}", values)
        return ({"id": row_id, **json.loads(body)} for row_id, body in rows)

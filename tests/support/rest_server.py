"""The REST API behind the gateway, over a scratch schema."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from local import tokens
from local.cluster import Cluster
from local.project import Project
from tests.support.supabase import new_project, running_gateway

SCHEMA = Path(__file__).with_name("rest_schema.sql")
ANN, BOB = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"


@dataclass(frozen=True)
class Rest:
    """A running REST API, and the project behind it."""

    url: str
    project: Project

    def as_(self, role: str | None = None, sub: str = ANN) -> httpx.Client:
        """An HTTP client with a token of `role`; without a role, nobody's."""
        return self.with_token(self.token(role, sub) if role else self.project.anon_key)

    def with_token(self, token: str) -> httpx.Client:
        headers = {"apikey": self.project.anon_key, "Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers)

    def token(self, role: str, sub: str = ANN, expires_in: int = 3600) -> str:
        claims = {"role": role, "sub": sub, "exp": int(time.time()) + expires_in}
        return tokens.sign(self.project, claims)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """What the project's owner gets for `statement`, committed."""
        with psycopg.connect(self.project.dsn("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def scratch_project(cluster: Cluster, **options: Any) -> Project:
    """A project whose database holds the scratch schema."""
    project = new_project(cluster, **options)
    with psycopg.connect(project.dsn("postgres")) as connection:
        connection.execute(SCHEMA.read_bytes())
    return project


@contextmanager
def running_rest(project: Project) -> Iterator[Rest]:
    with running_gateway(project) as url:
        yield Rest(f"{url}/rest/v1", project)

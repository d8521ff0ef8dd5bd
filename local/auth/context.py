"""What every request to Auth works with: the project and a database transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from starlette.requests import Request

from local.auth.users import Connection
from local.project import Project

Pool = AsyncConnectionPool[Connection]


def new_pool(project: Project) -> Pool:
    """Connections as the role that GoTrue uses, to be opened by the app's lifespan."""
    options = {"row_factory": dict_row}
    return AsyncConnectionPool(
        project.dsn("supabase_auth_admin"), kwargs=options, min_size=1, max_size=10, open=False
    )


def project_of(request: Request) -> Project:
    project: Project = request.app.state.project
    return project


@asynccontextmanager
async def transaction(request: Request) -> AsyncIterator[Connection]:
    """A connection in a transaction, which commits at the end and rolls back when an error leaves it."""
    pool: Pool = request.app.state.pool
    async with pool.connection() as connection:
        yield connection

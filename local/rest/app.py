"""The REST API over HTTP: one transaction for a request, as the caller's role and with the caller's claims."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote

import jwt
import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local import tokens
from local.project import Project
from local.rest import grammar, headers, plan, query
from local.rest.cache import SchemaCache
from local.rest.catalog import Catalog, Result, Table, TableColumn
from local.rest.errors import ApiError, NotInSchema, from_database, invalid_token

# What hosted projects set: no answer has more rows.
MAX_ROWS = 1000
POOL_SIZE = 10
POOL_TIMEOUT = 10  # seconds

ANONYMOUS = "anon"
_READING = ("GET", "HEAD")
_SAFE_UPDATE = {"PATCH": "UPDATE", "DELETE": "DELETE"}


def create_app(project: Project) -> Starlette:
    """The REST API of `project`. The gateway gives each request `state.token`: the JWT that applies to it."""
    dsn = project.dsn("authenticator")
    pool: AsyncConnectionPool = AsyncConnectionPool(
        dsn,
        open=False,
        min_size=1,
        max_size=POOL_SIZE,
        timeout=POOL_TIMEOUT,
        # A prepared plan would not outlive the migration of a table it reads.
        kwargs={"autocommit": True, "prepare_threshold": None, "application_name": "rest"},
    )
    server = _Server(project, pool, SchemaCache(pool, dsn))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with pool:
            following = asyncio.create_task(server.cache.follow())
            try:
                yield
            finally:
                following.cancel()
                await asyncio.wait([following])

    return Starlette(
        routes=[
            Route("/rpc/{name}", server.answer(server.call), methods=["GET", "POST"]),
            Route("/{name}", server.answer(server.read), methods=["GET"]),
            Route("/{name}", server.answer(server.insert), methods=["POST"]),
            Route("/{name}", server.answer(server.change), methods=["PATCH", "DELETE"]),
        ],
        exception_handlers={HTTPException: _no_such_route},
        lifespan=lifespan,
    )


def _no_such_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return _refusal(ApiError(405, "PGRST117", f"Unsupported HTTP method: {request.method}"))
    return _refusal(ApiError(404, "PGRST125", "Invalid path specified in request URL"))


def _refusal(error: ApiError) -> Response:
    return Response(
        json.dumps(error.body()),
        error.status,
        {**error.headers, "Proxy-Status": f"PostgREST; error={error.code}"},
        media_type="application/json; charset=utf-8",
    )


@dataclass(frozen=True)
class _Call:
    """A request that was read but not yet planned."""

    request: Request
    name: str  # of the table or function
    role: str
    claims: Mapping[str, Any]
    query: grammar.Query
    preferences: headers.Preferences
    media_type: headers.MediaType
    body: str

    @property
    def reads(self) -> bool:
        return self.request.method in _READING

    @property
    def returns_rows(self) -> bool:
        return self.preferences.representation == "representation"


@dataclass(frozen=True)
class _Work:
    """One planned statement, and what must hold of its outcome."""

    statement: sql.Composed
    parameters: Mapping[str, str]
    read_only: bool
    settings: tuple[tuple[str, str], ...] = ()
    counted: tuple[sql.Composed, Mapping[str, str]] | None = None  # for the planner to estimate


@dataclass(frozen=True)
class _Outcome:
    row_count: int
    total: int | None
    body: str | None
    location: Mapping[str, str]
    inserted: int | None
    headers: str | None
    status: str | None


_Planned = tuple[_Work, Callable[[_Outcome], Response]]


class _Server:
    def __init__(self, project: Project, pool: AsyncConnectionPool, cache: SchemaCache) -> None:
        self.project = project
        self.pool = pool
        self.cache = cache

    def answer(
        self, handler: Callable[[_Call, Catalog], _Planned]
    ) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that plans its request by `handler`, runs the plan and answers errors in PostgREST's form."""

        async def endpoint(request: Request) -> Response:
            role = ANONYMOUS
            try:
                claims = self._claims(request)
                role = str(claims.get("role", ANONYMOUS))
                call = await _read_request(request, role, claims)
                work, respond = await self._plan(handler, call)
                outcome = await self._run(call, work)
                response = respond(outcome)
                _override(response, outcome)
                return response
            except ApiError as error:
                return _refusal(error)
            except psycopg.Error as error:
                return _refusal(from_database(error, anonymous=role == ANONYMOUS))

        return endpoint

    def _claims(self, request: Request) -> dict[str, Any]:
        try:
            return tokens.verify(self.project, request.state.token)
        except jwt.ExpiredSignatureError as error:
            raise invalid_token("PGRST303", "JWT expired") from error
        except jwt.ImmatureSignatureError as error:
            raise invalid_token("PGRST303", "JWT not yet valid") from error
        except jwt.InvalidAlgorithmError as error:
            raise invalid_token("PGRST301", "Wrong or unsupported encoding algorithm") from error
        except jwt.InvalidSignatureError as error:
            raise invalid_token("PGRST301", "No suitable key or wrong key type") from error
        except jwt.InvalidTokenError as error:
            raise invalid_token("PGRST301", "JWT couldn't be decoded") from error

    async def _plan(self, handler: Callable[[_Call, Catalog], _Planned], call: _Call) -> _Planned:
        try:
            return handler(call, await self.cache.current())
        except NotInSchema:
            return handler(call, await self.cache.refresh_if_old())

    async def _run(self, call: _Call, work: _Work) -> _Outcome:
        catalog = await self.cache.current()
        async with self.pool.connection() as connection, connection.transaction():
            cursor = connection.cursor(row_factory=dict_row)
            settings = _settings(call, catalog.role_settings.get(call.role, ()), work)
            # Their order matters, and expressions of one select are evaluated in theirs.
            calls = sql.SQL(", ").join([sql.SQL("pg_catalog.set_config(%s, %s, true)")] * len(settings))
            await cursor.execute(
                sql.SQL("select {}").format(calls), [text for pair in settings for text in pair]
            )
            await cursor.execute(work.statement, work.parameters)
            row = await cursor.fetchone()
            assert row
            if work.counted:
                row["total"] = await _estimate(cursor, work.counted, row["total"])
            outcome = _Outcome(**{**row, "location": json.loads(row["location"] or "{}")})
            _check(call, outcome)  # inside the transaction: what is refused did not happen
            return outcome

    # Planning

    def read(self, call: _Call, catalog: Catalog) -> _Planned:
        table = plan.find_table(catalog, call.name)
        root = plan.plan_read(catalog, call.name, table, _with_range(call), max_rows=MAX_ROWS)
        statement = query.Statement()
        answer = query.Answer(call.media_type, counts=call.preferences.count in ("exact", "estimated"))
        work = _Work(
            statement.read(root, answer), statement.parameters, read_only=True, counted=_counted(call, root)
        )
        return work, lambda outcome: _rows(
            call, root.window.offset, outcome, call.preferences.applied("count", "handling")
        )

    def insert(self, call: _Call, catalog: Catalog) -> _Planned:
        table = plan.find_table(catalog, call.name)
        conflict_columns = call.query.on_conflict or table.primary_key
        resolution = call.preferences.resolution if conflict_columns else None
        root, returning, answer = self._returned(call, catalog, table)
        if call.preferences.representation == "headers-only":
            returning = table.primary_key
            answer = replace(answer, location_of=table.primary_key)
        statement = query.Statement()
        insertion = statement.insert(
            table,
            _columns_of_body(call, table),
            call.body,
            returning,
            resolution=resolution,
            conflict_columns=conflict_columns,
            fill_defaults=call.preferences.missing == "default",
        )
        answer = replace(answer, tells_inserted=resolution == "merge-duplicates")
        work = _Work(statement.mutate(insertion, root, answer), statement.parameters, read_only=False)
        applied = call.preferences.applied(
            "missing", "return", "count", "handling", *(["resolution"] if resolution else [])
        )

        def respond(outcome: _Outcome) -> Response:
            only_updated = outcome.inserted is not None and outcome.inserted <= 0
            location = "&".join(f"{quote(name)}={quote(value)}" for name, value in outcome.location.items())
            return _mutated(
                call,
                outcome,
                status=200 if only_updated else 201,
                content_range=f"*/{_total(call, outcome)}",
                headers={**applied, **({"Location": f"/{quote(table.name)}?{location}"} if location else {})},
            )

        return work, respond

    def change(self, call: _Call, catalog: Catalog) -> _Planned:
        """PATCH and DELETE."""
        table = plan.find_table(catalog, call.name)
        root, returning, answer = self._returned(call, catalog, table)
        statement = query.Statement()
        conditions = tuple(condition for path, condition in call.query.conditions if not path)
        columns = _columns_of_body(call, table) if call.request.method == "PATCH" else ()
        if not conditions and (columns or call.request.method == "DELETE"):
            # Hosted projects load the safeupdate module for this.
            raise ApiError(400, "21000", f"{_SAFE_UPDATE[call.request.method]} requires a WHERE clause")
        if call.request.method == "DELETE":
            mutation = statement.delete(table, conditions, returning)
        else:
            fill_defaults = call.preferences.missing == "default"
            mutation = statement.update(
                table, columns, call.body, conditions, returning, fill_defaults=fill_defaults
            )
        work = _Work(statement.mutate(mutation, root, answer), statement.parameters, read_only=False)
        applied = call.preferences.applied("return", "count", "handling", "max-affected", "missing")

        def respond(outcome: _Outcome) -> Response:
            rows = (
                f"0-{outcome.row_count - 1}" if outcome.row_count and call.request.method == "PATCH" else "*"
            )
            return _mutated(
                call,
                outcome,
                status=200 if call.returns_rows else 204,
                content_range=f"{rows}/{_total(call, outcome)}",
                headers=applied,
            )

        return work, respond

    def _returned(
        self, call: _Call, catalog: Catalog, table: Table
    ) -> tuple[plan.Node, tuple[str, ...], query.Answer]:
        """What is read from the rows that a mutation returns. Its filters chose them, and need not hold any more."""
        others = tuple((path, condition) for path, condition in call.query.conditions if path)
        root = plan.plan_read(
            catalog, call.name, table, replace(call.query, conditions=others), max_rows=None
        )
        returning = root.needed_columns() if call.returns_rows else ()
        return root, returning, query.Answer(call.media_type, has_body=call.returns_rows)

    def call(self, call: _Call, catalog: Catalog) -> _Planned:
        statement = query.Statement()
        if call.reads:
            names = [name for name, _ in call.query.arguments]
            function = plan.find_function(catalog, call.name, names, has_json_body=False)
            invocation = statement.call_with_values(function, call.query.arguments)
        else:
            body = call.body or "{}"
            given = _arguments_of_body(call, body)
            function = plan.find_function(catalog, call.name, given, has_json_body=True)
            invocation = (
                statement.call_with_body(function, body)
                if plan.takes_whole_body(function)
                else statement.call_with_json(function, given, body)
            )
        table = catalog.tables.get(function.result_table or "")
        root = plan.plan_read(catalog, call.name, table, _with_range(call), max_rows=MAX_ROWS)
        answer = query.Answer(call.media_type, counts=call.preferences.count is not None)
        work = _Work(
            statement.call(function, invocation, root, answer),
            statement.parameters,
            read_only=call.reads or not function.volatile,
            settings=function.settings,
        )
        applied = call.preferences.applied("count", "handling", "max-affected")
        if call.preferences.row_limit is not None and not function.result.is_set:
            message = "Function must return SETOF or TABLE when max-affected preference is used with handling=strict"
            raise ApiError(400, "PGRST128", message)

        def respond(outcome: _Outcome) -> Response:
            answer = _rows(call, root.window.offset, outcome, applied)
            if function.result is Result.VOID:
                content_range = answer.headers["content-range"]
                return Response(status_code=204, headers={"Content-Range": content_range, **applied})
            return answer

        return work, respond


async def _read_request(request: Request, role: str, claims: Mapping[str, Any]) -> _Call:
    reads = request.method in _READING
    headers.check_profile(request.headers.get("accept-profile" if reads else "content-profile"))
    media_type = headers.negotiate(request.headers.get("accept", ""))
    preferences = headers.parse_preferences(request.headers.getlist("prefer"))
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    parsed = grammar.parse(pairs, function_arguments=reads and _path(request).startswith("/rpc/"))
    body = "" if reads or request.method == "DELETE" else await _read_body(request)
    return _Call(request, request.path_params["name"], role, claims, parsed, preferences, media_type, body)


def _path(request: Request) -> str:
    """The path below the API's own root, as PostgREST, which a gateway hides behind /rest/v1, sees it."""
    return str(request.scope["path"]).removeprefix(request.scope.get("root_path", ""))


async def _read_body(request: Request) -> str:
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type not in (
        "application/json",
        "application/vnd.pgrst.object+json",
        "application/vnd.pgrst.array+json",
    ):
        raise ApiError(415, "PGRST102", f"Content-Type not acceptable: {content_type}")
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError as error:
        raise ApiError(400, "PGRST102", "Empty or invalid json") from error


def _members(body: str) -> tuple[str, ...] | None:
    try:
        return query.body_columns(body)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "PGRST102", "Empty or invalid json") from error


def _columns_of_body(call: _Call, table: Table) -> tuple[TableColumn, ...]:
    """The columns to write: those of `columns=`, or the members of the body, which must then all be alike."""
    members = _members(call.body)
    names = call.query.columns if call.query.columns is not None else members
    if names is None:
        raise ApiError(400, "PGRST102", "All object keys must match")
    for name in names:
        if name not in table.columns:
            message = f"Could not find the '{name}' column of '{table.name}' in the schema cache"
            raise NotInSchema(400, "PGRST204", message)
    return tuple(table.columns[name] for name in dict.fromkeys(names))


def _arguments_of_body(call: _Call, body: str) -> tuple[str, ...]:
    """The names of the arguments; a body that is no object has none, and may suit a function of one JSON value."""
    if call.query.columns is not None:
        return call.query.columns
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "PGRST102", "Empty or invalid json") from error
    return tuple(value) if isinstance(value, dict) else ()


def _with_range(call: _Call) -> grammar.Query:
    """The query, with the `Range` header of a GET put to its resource."""
    if not call.reads:
        return call.query
    asked = headers.parse_range(call.request.headers.get("range"))
    window = call.query.windows.get((), grammar.Window()).within(asked)
    return replace(call.query, windows={**call.query.windows, (): window})


def _counted(call: _Call, root: plan.Node) -> tuple[sql.Composed, Mapping[str, str]] | None:
    if call.preferences.count not in ("planned", "estimated"):
        return None
    statement = query.Statement()
    return statement.count(root), statement.parameters


async def _estimate(
    cursor: psycopg.AsyncCursor[dict[str, Any]],
    counted: tuple[sql.Composed, Mapping[str, str]],
    exact: int | None,
) -> int:
    """The planner's count of rows. Where there is an exact one too, it is that unless the rows are many."""
    if exact is not None and exact <= MAX_ROWS:
        return exact
    text, parameters = counted
    await cursor.execute(sql.SQL("explain (format json) {}").format(text), parameters)
    row = await cursor.fetchone()
    assert row
    planned: int = row["QUERY PLAN"][0]["Plan"]["Plan Rows"]
    return max(planned, exact or 0)


def _settings(call: _Call, role_settings: tuple[tuple[str, str], ...], work: _Work) -> list[tuple[str, str]]:
    """What holds in the transaction. The access mode first, as it may not change later, then the role."""
    return [
        ("transaction_read_only", "on" if work.read_only else "off"),
        ("search_path", "public, extensions"),
        ("role", call.role),
        ("request.jwt.claims", json.dumps(call.claims)),
        ("request.method", call.request.method),
        ("request.path", _path(call.request)),
        ("request.headers", json.dumps(dict(call.request.headers))),
        ("request.cookies", json.dumps(call.request.cookies)),
        *role_settings,
        *work.settings,
    ]


def _check(call: _Call, outcome: _Outcome) -> None:
    if call.media_type.single and outcome.row_count != 1:
        details = f"The result contains {outcome.row_count} rows"
        raise ApiError(406, "PGRST116", "Cannot coerce the result to a single JSON object", details)
    limit = call.preferences.row_limit
    if limit is not None and not call.reads and outcome.row_count > limit:
        details = f"The query affects {outcome.row_count} rows"
        raise ApiError(400, "PGRST124", "Query result exceeds max-affected preference constraint", details)


def _rows(call: _Call, offset: int, outcome: _Outcome, more_headers: Mapping[str, str]) -> Response:
    total = outcome.total
    if total is not None and offset > total:
        details = f"An offset of {offset} was requested, but there are only {total} rows."
        raise ApiError(
            416,
            "PGRST103",
            "Requested range not satisfiable",
            details,
            headers={"Content-Range": f"*/{total}"},
        )
    rows = f"{offset}-{offset + outcome.row_count - 1}" if outcome.row_count and total != 0 else "*"
    partial = total is not None and outcome.row_count < total
    return Response(
        "" if call.request.method == "HEAD" else outcome.body,
        206 if partial else 200,
        {"Content-Range": f"{rows}/{'*' if total is None else total}", **more_headers},
        media_type=call.media_type.content_type,
    )


def _total(call: _Call, outcome: _Outcome) -> str:
    return str(outcome.row_count) if call.preferences.count in ("exact", "estimated") else "*"


def _mutated(
    call: _Call, outcome: _Outcome, *, status: int, content_range: str, headers: Mapping[str, str]
) -> Response:
    return Response(
        outcome.body if call.returns_rows else None,
        status,
        {"Content-Range": content_range, **headers},
        media_type=call.media_type.content_type if call.returns_rows else None,
    )


def _override(response: Response, outcome: _Outcome) -> None:
    """What SQL set as `response.status` and `response.headers` has the last word."""
    if outcome.status is not None:
        if not outcome.status.isdecimal():
            raise ApiError(500, "PGRST112", "response.status guc must be a valid status code")
        response.status_code = int(outcome.status)
    if outcome.headers is not None:
        try:
            for name, value in (item for entry in json.loads(outcome.headers) for item in entry.items()):
                response.headers[name] = value
        except (ValueError, AttributeError, TypeError) as error:
            message = "response.headers guc must be a JSON array composed of objects with a single key and a string value"
            raise ApiError(500, "PGRST111", message) from error

"""`fantooo doctor`: what of a project is set up, what is missing, and how to fix it."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal, LiteralString

import click
import jwt
import psycopg
import requests
from psycopg.rows import DictRow, dict_row

from api.config import Config, ConfigError
from api.errors import ApiError
from api.providers.paystack import NotFound, Paystack, PaystackError
from api.supabase_auth import SupabaseAuth
from cli import lint, schema
from cli.environment import environment
from cli.words import span

TIMEOUT = 10
TOLERATED_SKEW_SECONDS = 5
# Seconds a job may have been silent: the longest interval that docs/deploy.md has for it, twice over and some.
JOB_INTERVALS = {"idle-detection": 180, "reconcile-payments": 900, "refund-unanswered": 3 * 3600}

Level = Literal["ok", "warning", "failure"]


@dataclass(frozen=True)
class Result:
    """What one check found, and what to do about it."""

    level: Level
    name: str
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Project:
    """What the checks look at. The database is seen as the project's owner."""

    config: Config
    conn: psycopg.Connection
    api_url: str | None
    tries_sign_in: bool

    def rows(self, query: LiteralString, *parameters: object) -> list[DictRow]:
        """What the database answers, by column."""
        with self.conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, parameters).fetchall()

    def value(self, query: LiteralString, *parameters: object) -> Any:
        """The first column of the first row; None when there is no row."""
        row = self.conn.execute(query, parameters).fetchone()
        return row[0] if row else None

    def ask(self, path: str, key: str, send: dict[str, object] | None = None) -> requests.Response:
        """One request to the project's Supabase with one of its keys: a POST when there is something to send."""
        headers = {"apikey": key, "Authorization": f"Bearer {key}"}
        url, method = self.config.supabase_url + path, "GET" if send is None else "POST"
        return requests.request(method, url, json=send, headers=headers, timeout=TIMEOUT)

    @property
    def anon_key(self) -> str:
        return self.config.supabase_anon_key.get_secret_value()

    @property
    def service_key(self) -> str:
        return self.config.supabase_service_role_key.get_secret_value()


Check = Callable[[Project], Iterator[Result]]


@click.command()
@click.option(
    "--sign-in/--no-sign-in", default=True, help="Make a throwaway account, sign in with it and remove it."
)
def doctor(sign_in: bool) -> None:
    """Examine a project, local or hosted, by the environment the API would have and ADMIN_DATABASE_URL.

    Exit status 1 when anything fails; warnings do not count.
    """
    variables = environment()
    try:
        config = Config.from_env(variables)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    admin_url = variables.get("ADMIN_DATABASE_URL")
    if not admin_url:
        raise click.ClickException(
            "ADMIN_DATABASE_URL is not set: the connection string of the project's postgres role."
        )
    try:
        conn = psycopg.connect(admin_url, autocommit=True, connect_timeout=TIMEOUT)
    except psycopg.OperationalError as error:
        raise click.ClickException(f"The database does not answer: {str(error).strip()}") from error
    failures = 0
    with conn:
        for result in examine(Project(config, conn, variables.get("API_URL"), sign_in)):
            failures += result.level == "failure"
            _show(result)
    things = "1 thing is" if failures == 1 else f"{failures} things are"
    click.echo(f"\n{things} broken." if failures else "\nNothing is broken.")
    raise SystemExit(bool(failures))


def examine(project: Project) -> Iterator[Result]:
    """Every check's results, in an order in which a later one seldom fails for the reason of an earlier one."""
    for check in CHECKS:
        name = check.__name__.replace("_", " ")
        try:
            yield from check(project)
        except (requests.RequestException, psycopg.Error) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            yield Result(
                "failure",
                name,
                f"could not be examined: {reason}",
                "Mend what failed before this, and ask again.",
            )


def database_roles(project: Project) -> Iterator[Result]:
    if project.value("select rolsuper from pg_roles where rolname = current_user"):
        yield Result(
            "warning",
            "owner",
            "ADMIN_DATABASE_URL logs in as a superuser",
            "Use the project's postgres role.",
        )
    goes_round_policies = project.value(
        "select rolbypassrls or rolsuper from pg_roles where rolname = 'fantooo_api'"
    )
    if goes_round_policies is None:
        yield Result("failure", "fantooo_api", "the API's role does not exist", "Run: fantooo db push")
        return
    if goes_round_policies:
        yield Result(
            "failure", "fantooo_api", "may go round row level security", "alter role fantooo_api nobypassrls"
        )
    try:
        with psycopg.connect(project.config.database_url.get_secret_value(), connect_timeout=TIMEOUT) as conn:
            ((login, readable),) = conn.execute(
                "select current_user, (select count(*) from pg_class where relnamespace = 'public'::regnamespace"
                " and relkind = 'r' and has_table_privilege(oid, 'select'))"
            ).fetchall()
    except psycopg.OperationalError as error:
        yield Result(
            "failure", "DATABASE_URL", f"does not log in: {str(error).strip().splitlines()[-1]}",
            "Set the password: FANTOOO_API_PASSWORD=… fantooo db push",
        )  # fmt: skip
        return
    if login != "fantooo_api":
        yield Result(
            "failure",
            "DATABASE_URL",
            f"logs in as {login}, with more rights than the API needs",
            "Use the login fantooo_api.",
        )
    elif readable:
        yield Result("failure", "fantooo_api", f"may read {readable} tables", "Run: fantooo db push")
    else:
        yield Result("ok", "fantooo_api", "logs in, and may execute our functions and nothing else")


def database_schema(project: Project) -> Iterator[Result]:
    try:
        todo = schema.plan(project.conn)
    except schema.SchemaError as error:
        yield Result("failure", "schema", str(error), "See docs/operations.md.")
        return
    if todo.pending or todo.changed or todo.removed:
        count = len(todo.pending) + len(todo.changed) + len(todo.removed)
        yield Result("failure", "schema", f"{count} files are not applied", "Run: fantooo db push")
    elif todo.drift:
        yield Result(
            "failure",
            "schema",
            f"changed by hand since the last push: {todo.drift[0]}",
            "See: fantooo db status",
        )
    else:
        yield Result("ok", "schema", "is what sql/ says, functions, policies and rights included")


def database_linter(project: Project) -> Iterator[Result]:
    findings = lint.run(project.conn)
    if not findings:
        yield Result("ok", "linter", "no findings")
    for finding in findings:
        yield Result("warning", f"linter: {finding.name}", finding.detail, finding.remedy)


def auth_service(project: Project) -> Iterator[Result]:
    answer = project.ask("/auth/v1/settings", project.anon_key)
    if answer.status_code == 401:
        yield Result(
            "failure", "SUPABASE_ANON_KEY", "is not accepted", "Copy it again from the project's settings."
        )
    elif not answer.ok:
        yield Result("failure", "Auth", f"answered {answer.status_code}", "Is SUPABASE_URL the project's?")
    else:
        yield Result("ok", "Auth", "answers")
        if not answer.json().get("disable_signup") and project.config.is_production:
            yield Result(
                "warning", "sign-ups", "anybody can make an Auth user past our API",
                "Switch public sign-ups off (Authentication, Sign In / Providers): our API makes the accounts.",
            )  # fmt: skip
    admin = project.ask("/auth/v1/admin/users?per_page=1", project.service_key)
    if not admin.ok:
        yield Result(
            "failure",
            "SUPABASE_SERVICE_ROLE_KEY",
            f"Auth's admin calls answer {admin.status_code}",
            "Copy it again.",
        )


def token_keys(project: Project) -> Iterator[Result]:
    keys = project.ask("/auth/v1/.well-known/jwks.json", project.anon_key).json().get("keys", [])
    if keys:
        yield Result("ok", "signing keys", f"{', '.join(sorted({key['alg'] for key in keys}))} by JWKS")
    elif project.config.supabase_jwt_secret:
        yield Result(
            "warning",
            "signing keys",
            "tokens are signed with a shared secret",
            "Rotate to an asymmetric key (JWT Keys).",
        )
    else:
        yield Result(
            "failure",
            "signing keys",
            "no public key and no SUPABASE_JWT_SECRET: no token can be verified",
            "Set SUPABASE_JWT_SECRET, or rotate to an asymmetric key.",
        )


def sign_in(project: Project) -> Iterator[Result]:
    if not project.tries_sign_in:
        return
    auth = SupabaseAuth.from_config(project.config)
    email, password = f"doctor-{uuid.uuid4().hex}@example.com", uuid.uuid4().hex
    try:
        with auth.new_user(email, password, {}) as user_id:
            token = auth.sign_in(email, password)["access_token"]
            auth.delete_user(user_id)
    except ApiError as error:
        yield Result(
            "failure", "sign-in", f"a throwaway account could not sign in: {error}", "See Auth's log."
        )
        return
    claims = jwt.decode(token, options={"verify_signature": False})
    if "user_role" in claims:
        yield Result("ok", "access token hook", "puts user_role into tokens")
    else:
        yield Result(
            "warning", "access token hook", "is not enabled: clients cannot route pages by the token",
            "Authentication, Hooks: custom access token → public.custom_access_token_hook. See docs/deploy.md.",
        )  # fmt: skip
    if claims.get("iss") != project.config.token_issuer:
        yield Result(
            "failure",
            "issuer",
            f"tokens are of {claims.get('iss')}, and the API refuses them",
            "Set SUPABASE_URL to the project's own URL.",
        )


def rest_service(project: Project) -> Iterator[Result]:
    answer = project.ask("/rest/v1/rpc/get_disclosure", project.anon_key, send={})
    if answer.ok and "version" in answer.json():
        yield Result("ok", "REST", "answers, and signed-out pages can read the disclosure")
    else:
        yield Result(
            "failure",
            "REST",
            f"get_disclosure answered {answer.status_code}",
            "Is public among the exposed schemas?",
        )


def realtime_service(project: Project) -> Iterator[Result]:
    answer = project.ask("/realtime/v1/api/broadcast", project.service_key, send={"messages": []})
    if answer.status_code in (404, 405) or answer.status_code >= 500:
        yield Result(
            "failure", "Realtime", f"answered {answer.status_code}", "Is Realtime enabled for the project?"
        )
    published = project.value(
        "select count(*) from pg_publication_tables where pubname = 'supabase_realtime'"
        " and schemaname = 'public' and tablename in ('messages', 'chats')"
    )
    policies = project.value(
        "select count(*) from pg_policies where schemaname = 'realtime' and tablename = 'messages' and starts_with(policyname, 'fantooo')"
    )
    if published != 2:
        yield Result(
            "failure",
            "publication",
            "messages and chats are not both in supabase_realtime",
            "alter publication supabase_realtime add table public.messages, public.chats",
        )
    elif policies != 2:
        yield Result(
            "failure", "Realtime policies", "are missing on realtime.messages", "Run: fantooo db push"
        )
    else:
        yield Result("ok", "Realtime", "answers; tables are published, private topics have their policies")


def api_service(project: Project) -> Iterator[Result]:
    if not project.api_url:
        return
    answer = requests.get(f"{project.api_url}/api/ready", timeout=TIMEOUT)
    if answer.ok:
        yield Result("ok", "API", "answers, and reaches its database")
    else:
        yield Result(
            "failure",
            "API",
            f"/api/ready answered {answer.status_code}",
            "See its log: it says what it cannot reach.",
        )


def payments(project: Project) -> Iterator[Result]:
    config = project.config
    paystack = Paystack(config.paystack_secret_key.get_secret_value(), base_url=config.paystack_base_url)
    try:
        paystack.verify("doctor-" + uuid.uuid4().hex)
    except NotFound:
        yield Result("ok", "Paystack", f"accepts the {config.paystack_mode} key")
    except PaystackError as error:
        yield Result(
            "failure", "Paystack", str(error), "Check PAYSTACK_SECRET_KEY and the way out to api.paystack.co."
        )
    seen = project.value("select max(received_at) from public.payment_events where signature_valid")
    if seen is None:
        yield Result(
            "warning",
            "webhooks",
            "none has come yet",
            f"Paystack, Settings, API Keys & Webhooks: {project.api_url or 'https://…'}/api/webhooks/paystack",
        )
    else:
        yield Result("ok", "webhooks", f"the last came at {seen:%Y-%m-%d %H:%M} UTC")
    stuck = project.value(
        "select count(*) from public.payment_events where handled_at is null and received_at < now() - interval '10 minutes'"
    )
    if stuck:
        yield Result(
            "failure",
            "webhooks",
            f"{stuck} were stored and not handled",
            "Run: fantooo job reconcile-payments --once; see their detail.",
        )


def scheduled_jobs(project: Project) -> Iterator[Result]:
    for job, interval in JOB_INTERVALS.items():
        ago = project.value(
            "select extract(epoch from now() - last_run_at)::integer from public.job_runs where job = %s", job
        )
        if ago is None:
            yield Result(
                "warning",
                job,
                "has never run",
                f"Schedule it (docs/deploy.md), or: fantooo job {job} --every 60",
            )
        elif ago > interval:
            yield Result(
                "failure", job, f"last ran {span(ago)} ago, and should have within {span(interval)}",
                f"See whether its cron is alive, or run it: fantooo job {job} --once",
            )  # fmt: skip
        else:
            yield Result("ok", job, f"ran {span(ago)} ago")


def clocks(project: Project) -> Iterator[Result]:
    ours = time.time()
    theirs = float(project.value("select extract(epoch from clock_timestamp())"))
    date = project.ask("/auth/v1/health", project.anon_key).headers.get("Date")
    auths = parsedate_to_datetime(date).timestamp() if date else ours
    skew = max(abs(theirs - ours), abs(auths - ours))
    if skew > TOLERATED_SKEW_SECONDS:
        yield Result(
            "failure",
            "clocks",
            f"differ by {skew:.0f} seconds: tokens seem expired or not yet valid",
            "Set this machine's clock (NTP).",
        )
    else:
        yield Result("ok", "clocks", "agree")


def invariants(project: Project) -> Iterator[Result]:
    wrong = project.rows("select * from public.audit_credits() limit 20")
    for row in wrong:
        yield Result(
            "failure",
            "ledger",
            f"user {row['user_id']}: {row['problem']}",
            "docs/operations.md, 'The books do not add up'.",
        )
    broken = project.rows("select * from public.check_invariants() limit 20")
    for row in broken:
        yield Result(
            "failure",
            "invariant",
            f"{row['invariant']}: {row['detail']}",
            "docs/operations.md, 'A broken invariant'.",
        )
    if not wrong and not broken:
        yield Result("ok", "invariants", "every balance is the sum of its ledger; chats and operators agree")


CHECKS: tuple[Check, ...] = (
    database_roles,
    database_schema,
    database_linter,
    auth_service,
    token_keys,
    sign_in,
    rest_service,
    realtime_service,
    api_service,
    payments,
    scheduled_jobs,
    clocks,
    invariants,
)


_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failure": ("✗", "red")}


def _show(result: Result) -> None:
    mark, colour = _MARKS[result.level]
    click.echo(f"{click.style(mark, fg=colour)} {result.name}: {result.found}")
    if result.remedy:
        click.echo(f"    → {result.remedy}")

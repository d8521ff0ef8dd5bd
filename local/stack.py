"""The whole of Fantooo on one machine: PostgreSQL, the local Supabase, the API, Paystack's stand-in, the sweeps."""

from __future__ import annotations

import dataclasses
import fcntl
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click
import psycopg
import requests

from cli import schema
from cli.environment import read_env_file
from local import demo_data, platform
from local.cluster import HOST, Cluster, require_free_port
from local.errors import SetupError
from local.processes import ChildDied, Children
from local.project import Project, write_private

CHECKOUT = Path(__file__).parent.parent
ACCESS_TOKEN_HOOK = "public.custom_access_token_hook"
ANSWER_TIMEOUT = 60.0
DOWN_TIMEOUT = 60.0
WATCH_INTERVAL = 0.5
FAILURE = "Error: "  # how the supervisor's last words begin when it gives up
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


class Stopped(BaseException):
    """Somebody asked the stack to stop; a BaseException, as KeyboardInterrupt is, so that no handler swallows it."""


class AlreadyRunning(SetupError):
    """Another supervisor runs this data directory's stack."""


@dataclass(frozen=True)
class Service:
    """A process of the stack: the arguments of `python -m`, and where it answers once it is ready."""

    name: str
    arguments: list[str]
    answers_at: str | None = None


@dataclass(frozen=True)
class Stack:
    """The stack whose data is in `data_dir` and whose four ports begin at `port_base`."""

    data_dir: Path
    port_base: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port_base}"

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.data_dir / "postgres", self.port_base + 1)

    @property
    def api_port(self) -> int:
        return self.port_base + 2

    @property
    def api_url(self) -> str:
        return f"http://{HOST}:{self.api_port}"

    @property
    def paystack_port(self) -> int:
        return self.port_base + 3

    @property
    def paystack_url(self) -> str:
        return f"http://{HOST}:{self.paystack_port}"

    @property
    def environment_file(self) -> Path:
        return self.data_dir / "env"

    def run(
        self, say: Say, *, with_demo_data: bool = True, when_ready: Callable[[], None] = lambda: None
    ) -> None:
        """Start everything, say how to use it, and watch over it until SIGINT, SIGTERM or SIGHUP comes.

        What a stack in this directory had before, data, keys and secrets, is used again. Nothing is left
        running, however this ends.

        Raises AlreadyRunning; SetupError when something cannot start; ChildDied when something stops by itself.
        """
        _make_directory(self.data_dir)
        reach_this_machine_directly()
        with _supervising(self.data_dir), _stop_signals():
            children = Children(self.data_dir / "logs", self.data_dir / "children.json")
            children.stop_leftovers()
            self.cluster.stop()
            for port, purpose in (
                (self.port_base, "the local Supabase"),
                (self.cluster.port, "PostgreSQL"),
                (self.api_port, "the API"),
                (self.paystack_port, "Paystack's stand-in"),
            ):
                require_free_port(port, purpose)
            try:
                environment = self._start(children, say, with_demo_data)
                children.check()
                say(self.summary(environment))
                when_ready()
                self._watch(children)
            except Stopped:
                say("Stopping.")
            finally:
                _ignore_stop_signals()
                children.stop()
                self.cluster.stop()

    def _start(self, children: Children, say: Say, with_demo_data: bool) -> dict[str, str]:
        say("Starting PostgreSQL …")
        self.cluster.init()
        self.cluster.start()
        project = self._project()
        environment = self._environment(project)
        say("Preparing the database …")
        self._prepare_database(project)

        for service in self._services(environment):
            say(f"Starting {service.name} …")
            command = [sys.executable, "-m", *service.arguments]
            children.start(service.name, command, cwd=CHECKOUT, env=environment)
            if service.answers_at:
                _wait_until_it_answers(service.answers_at, children)
        if with_demo_data:
            say("Loading demo data …")
            environment |= demo_data.load(environment)
            self._keep(environment)
        return environment

    def _project(self) -> Project:
        """The project of this directory: made once, then found again, whatever ports it has this time."""
        path = self.data_dir / "project.json"
        if path.exists():
            project = dataclasses.replace(Project.load(path), url=self.url, db_port=self.cluster.port)
        else:
            project = Project.create(
                url=self.url,
                db_port=self.cluster.port,
                superuser_password=self.cluster.password,
                access_token_hook=ACCESS_TOKEN_HOOK,
            )
        project.save(path)
        return project

    def _environment(self, project: Project) -> dict[str, str]:
        """What DIR/env says; secrets and sign-ins that it had before stay."""
        known = read_env_file(self.data_dir)
        environment = known | {
            "SUPABASE_URL": project.url,
            "SUPABASE_ANON_KEY": project.anon_key,
            "SUPABASE_SERVICE_ROLE_KEY": project.service_role_key,
            "SUPABASE_PUBLISHABLE_KEY": project.publishable_key,
            "SUPABASE_SECRET_KEY": project.secret_key,
            "SUPABASE_JWT_SECRET": project.jwt_secret,
            "DATABASE_URL": project.dsn("fantooo_api"),
            "ADMIN_DATABASE_URL": project.dsn("postgres"),
            "API_URL": self.api_url,
            "APP_URL": self.api_url,
            "CRON_SECRET": known.get("CRON_SECRET") or secrets.token_urlsafe(32),
            "PAYSTACK_SECRET_KEY": known.get("PAYSTACK_SECRET_KEY") or f"sk_test_{secrets.token_hex(20)}",
            "PAYSTACK_PUBLIC_KEY": known.get("PAYSTACK_PUBLIC_KEY") or f"pk_test_{secrets.token_hex(20)}",
            "PAYSTACK_BASE_URL": self.paystack_url,
            "ENVIRONMENT": "development",
        }
        self._keep(environment)
        return environment

    def _keep(self, environment: dict[str, str]) -> None:
        write_private(
            self.environment_file, "".join(f"{name}={value}\n" for name, value in environment.items())
        )

    def _prepare_database(self, project: Project) -> None:
        superuser = project.dsn("supabase_admin")
        # fantooo_api is not the platform's: our own migrations make it.
        platform.create_roles(
            superuser, {role: word for role, word in project.passwords.items() if role != "fantooo_api"}
        )
        platform.create_database(superuser, project.database)
        with psycopg.connect(project.dsn("postgres")) as connection:
            try:
                schema.push(connection)
            except schema.SchemaError as error:
                raise SetupError(str(error)) from error
            schema.set_api_password(connection, project.passwords["fantooo_api"])

    def _services(self, environment: dict[str, str]) -> list[Service]:
        """What runs besides PostgreSQL, in the order of starting."""
        gateway = ["local.gateway", "--data-dir", str(self.data_dir)]
        paystack = ["local.paystack", "--port", str(self.paystack_port)]
        paystack += ["--secret-key", environment["PAYSTACK_SECRET_KEY"]]
        paystack += ["--public-key", environment["PAYSTACK_PUBLIC_KEY"]]
        paystack += ["--webhook-url", f"{self.api_url}/api/webhooks/paystack"]
        paystack += ["--data-dir", str(self.data_dir / "paystack")]
        api = ["gunicorn", "-c", "api/gunicorn_conf.py", "-b", f"{HOST}:{self.api_port}"]
        # The control socket is one per user, and another stack's gunicorn would have it too.
        api += ["--no-control-socket", "api.index:app"]
        return [
            Service("supabase", gateway, f"{self.url}/health"),
            Service("paystack", paystack, self.paystack_url),
            Service("api", api, f"{self.api_url}/api/ready"),
            Service("idle-detection", ["cli", "job", "idle-detection", "--every", "30"]),
            Service("reconcile-payments", ["cli", "job", "reconcile-payments", "--every", "60"]),
            Service("refund-unanswered", ["cli", "job", "refund-unanswered", "--every", "600"]),
        ]

    def _watch(self, children: Children) -> None:
        while True:
            time.sleep(WATCH_INTERVAL)
            children.check()
            if not self.cluster.is_running:
                raise ChildDied(f"PostgreSQL ended. Its log is {self.cluster.log}.")

    def summary(self, environment: dict[str, str] | None = None) -> str:
        """How to use the stack, by its environment: by default what DIR/env says."""
        environment = environment or read_env_file(self.data_dir)
        lines = [
            "",
            "Fantooo is running.",
            "",
            f"  API             {environment['API_URL']}   ({environment['API_URL']}/api/docs)",
            f"  Supabase        {environment['SUPABASE_URL']}",
            f"  Paystack        {environment['PAYSTACK_BASE_URL']}",
            f"  Database        {environment['ADMIN_DATABASE_URL']}",
            f"  Publishable key {environment['SUPABASE_PUBLISHABLE_KEY']}",
            f"  Secret key      {environment['SUPABASE_SECRET_KEY']}",
        ]
        if "DEMO_USER_EMAIL" in environment:
            lines += ["", "Sign in as"]
            for who, prefix in demo_data.SIGN_INS.items():
                email, password = environment[f"{prefix}_EMAIL"], environment[f"{prefix}_PASSWORD"]
                lines.append(f"  {who:<15} {email:<28} {password}")
        lines += [
            "",
            f"Everything is in {self.environment_file}, logs in {self.data_dir / 'logs'}.",
            f"Next: curl {environment['API_URL']}/api/disclosure, or `make demo` for a whole conversation.",
        ]
        return "\n".join(lines)


def up_in_background(stack: Stack, say: Say, *, with_demo_data: bool = True) -> None:
    """Start the stack under a supervisor of its own and return when everything answers.

    Raises SetupError, with what the supervisor said of it, when it does not come up.
    """
    command = [sys.executable, "-m", "local.stack", "--data-dir", str(stack.data_dir)]
    command += ["--port-base", str(stack.port_base)]
    if not with_demo_data:
        command.append("--no-demo-data")
    supervisor = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert supervisor.stdout is not None
    # The supervisor lets go of this pipe when it is ready; or when it ends, and then it let go of its lock before.
    failure: list[str] = []
    for line in supervisor.stdout:
        if failure or line.startswith(FAILURE):
            failure.append(line)
        else:
            say(line.rstrip("\n"))
    if failure or not is_running(stack.data_dir):
        raise SetupError("".join(failure).removeprefix(FAILURE).rstrip() or "The stack did not start.")


def down(data_dir: Path) -> bool:
    """Stop the stack in `data_dir` and wait until it has gone; False when there was none.

    Raises SetupError when its supervisor does not end.
    """
    if is_running(data_dir):
        os.kill(int(_lock_file(data_dir).read_text()), signal.SIGTERM)
        give_up_at = time.monotonic() + DOWN_TIMEOUT
        while is_running(data_dir):
            if time.monotonic() > give_up_at:
                raise SetupError(f"The stack in {data_dir} did not stop.")
            time.sleep(0.1)
        return True
    # Its supervisor may have been killed, and have left the rest running.
    cluster = Cluster(data_dir / "postgres", 0)
    record = data_dir / "children.json"
    left_behind = record.exists() or cluster.is_running
    Children(data_dir / "logs", record).stop_leftovers()
    cluster.stop()
    return left_behind


def reach_this_machine_directly() -> None:
    """Let no HTTP_PROXY of the environment come between the stack's processes, or this one and them."""
    for name in ("NO_PROXY", "no_proxy"):
        known = os.environ.get(name)
        os.environ[name] = f"{known},{HOST}" if known else HOST


def is_running(data_dir: Path) -> bool:
    """Whether a supervisor runs the stack in `data_dir`."""
    try:
        with _lock_file(data_dir).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        # No such directory, or none this user can read: then none this user runs a stack in.
        return False
    return False


@contextmanager
def _supervising(data_dir: Path) -> Iterator[None]:
    """Be the data directory's one supervisor: the lock goes with the process, however that ends."""
    with _lock_file(data_dir).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"The stack in {data_dir} is already running.") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _lock_file(data_dir: Path) -> Path:
    return data_dir / "supervisor"


@contextmanager
def _stop_signals() -> Iterator[None]:
    """Turn the signals that ask a process to end into Stopped."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        _ignore_stop_signals()
        raise Stopped

    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_stop_signals() -> None:
    """An impatient second Ctrl-C must not leave half of the stack behind."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _make_directory(data_dir: Path) -> None:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data_dir / "logs").mkdir(exist_ok=True)
    except OSError as error:
        raise SetupError(f"Cannot write to {data_dir}: {error.strerror}.") from error


def _wait_until_it_answers(url: str, children: Children) -> None:
    """Wait until `url` answers with anything but a server error. Raises ChildDied or SetupError when it never will."""
    give_up_at = time.monotonic() + ANSWER_TIMEOUT
    while True:
        children.check()
        try:
            answer = requests.get(url, timeout=5)
        except requests.RequestException as error:
            found = str(error)
        else:
            if answer.status_code < 500:
                return
            found = f"{answer.status_code} {answer.text[:200]}"
        if time.monotonic() > give_up_at:
            raise SetupError(f"{url} did not answer within {ANSWER_TIMEOUT:.0f} seconds: {found}")
        time.sleep(0.1)


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), required=True)
@click.option("--port-base", type=int, required=True)
@click.option("--demo-data/--no-demo-data", default=True)
def main(data_dir: Path, port_base: int, demo_data: bool) -> None:
    """Supervise the stack; once it is ready, write to DIR/logs/supervisor.log and no longer to standard output."""

    def let_go_of_output() -> None:
        log = os.open(data_dir / "logs" / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, sys.stdout.fileno())
        os.dup2(log, sys.stderr.fileno())

    def say(line: str) -> None:
        print(line, flush=True)

    try:
        Stack(data_dir, port_base).run(say, with_demo_data=demo_data, when_ready=let_go_of_output)
    except (SetupError, ChildDied) as error:
        say(f"{FAILURE}{error}")
        sys.exit(1)


if __name__ == "__main__":
    main()

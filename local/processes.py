"""Processes that belong to a stack: started in groups of their own, so that none is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

STOP_TIMEOUT = 10.0
LOG_LINES_SHOWN = 5


class ChildDied(Exception):
    """A process that should go on running ended; the message says which and where its log is."""


class Children:
    """The processes of one stack, each with a log in `logs`.

    They are also listed in the file `record`, so that after a supervisor was killed the next one can stop what
    it left behind.
    """

    def __init__(self, logs: Path, record: Path) -> None:
        self._logs = logs
        self._record = record
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: list[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        """Start a process as the leader of a new group, its output going to `logs`/NAME.log."""
        self._logs.mkdir(exist_ok=True)
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        leaders = {child.pid: _name_of(child) for child in self._running.values()}
        self._record.write_text(json.dumps(leaders))

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def check(self) -> None:
        """Raise ChildDied if a process has ended."""
        for name, child in self._running.items():
            if child.poll() is not None:
                last = self.log(name).read_text(errors="replace").strip().splitlines()[-LOG_LINES_SHOWN:]
                told = "".join(f"\n  {line}" for line in last)
                raise ChildDied(
                    f"{name} ended ({_reason(child.returncode)}). Its log is {self.log(name)}:{told}"
                )

    def stop(self) -> None:
        """Stop all processes and everything they started; those that do not go are killed."""
        for child in reversed(self._running.values()):
            _signal_group(child.pid, signal.SIGTERM)
        give_up_at = time.monotonic() + STOP_TIMEOUT
        for child in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, give_up_at - time.monotonic()))
        # Whoever is left: those too slow, and what a leader that was itself killed had started.
        for child in self._running.values():
            _signal_group(child.pid, signal.SIGKILL)
            child.wait()
        self._running.clear()
        self._record.unlink(missing_ok=True)

    def stop_leftovers(self) -> None:
        """Kill what a supervisor that was itself killed has left running."""
        if not self._record.exists():
            return
        for pid, command in json.loads(self._record.read_text()).items():
            # The number may meanwhile belong to somebody else's process. A group outlives its leader.
            if command_line(int(pid)) in (command, ""):
                _signal_group(int(pid), signal.SIGKILL)
        self._record.unlink()


def command_line(pid: int) -> str:
    """The command line of the live process `pid`, or "" when there is none."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    ps = ["ps", "-p", str(pid), "-o", "command="]
    return subprocess.run(ps, check=False, capture_output=True, text=True).stdout


def _name_of(child: subprocess.Popen[bytes]) -> str:
    # For a moment after it was started a process has no command line yet, and by none it would not be known again.
    while not (name := command_line(child.pid)) and child.poll() is None:
        time.sleep(0.001)
    return name


def _signal_group(leader: int, number: signal.Signals) -> None:
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return  # all of the group have gone
    except PermissionError:
        return  # on macOS: only zombies are left of it


def _reason(returncode: int) -> str:
    return f"killed by {signal.Signals(-returncode).name}" if returncode < 0 else f"exit code {returncode}"

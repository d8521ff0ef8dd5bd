"""The whole stack as a person runs it: up, down, and what goes wrong in between."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from local.errors import SetupError
from local.ports import free_port
from local.processes import ChildDied, Children, command_line
from local.stack import CHECKOUT, Stack, is_running
from tests.support.waiting import wait_until

DOCUMENTED = {
    "SUPABASE_URL", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_JWT_SECRET",
    "DATABASE_URL", "ADMIN_DATABASE_URL", "API_URL", "APP_URL", "CRON_SECRET",
    "PAYSTACK_SECRET_KEY", "PAYSTACK_PUBLIC_KEY", "PAYSTACK_BASE_URL",
    *(f"DEMO_{who}_{what}" for who in ("USER", "USER2", "OPERATOR", "OPERATOR2", "ADMIN")
      for what in ("EMAIL", "PASSWORD")),
}  # fmt: skip
OURS_TO_KEEP = (
    "SUPABASE_ANON_KEY",
    "SUPABASE_JWT_SECRET",
    "CRON_SECRET",
    "PAYSTACK_SECRET_KEY",
    "DEMO_USER_PASSWORD",
)


def fantooo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=100)


class RunningStack:
    """A stack that `up --detach` started."""

    def __init__(self, data_dir: Path, *options: str) -> None:
        self.stack = Stack(data_dir, free_port(4))
        self.started = fantooo("up", *self.where, "--detach", *options)
        assert self.started.returncode == 0, self.started.stdout + self.started.stderr

    @property
    def where(self) -> list[str]:
        return ["--data-dir", str(self.stack.data_dir), "--port-base", str(self.stack.port_base)]

    @property
    def environment(self) -> dict[str, str]:
        lines = self.stack.environment_file.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def leaders(self) -> dict[str, int]:
        """The leader of each group of processes, by its command line, and PostgreSQL's."""
        recorded = json.loads((self.stack.data_dir / "children.json").read_text())
        leaders = {command: int(pid) for pid, command in recorded.items()}
        leaders["postgres"] = int((self.stack.cluster.files / "postmaster.pid").read_text().splitlines()[0])
        return leaders

    def leader(self, word: str) -> int:
        [pid] = [pid for command, pid in self.leaders().items() if word in command]
        return pid

    def supervisor(self) -> int:
        return int((self.stack.data_dir / "supervisor").read_text())


def still_running(groups: list[int]) -> list[str]:
    """The live processes of these groups; the dead that nobody has buried do not count."""
    command = ["ps", "-A", "-o", "pgid=,stat=,command="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split(None, 2) for line in listed]
    return [" ".join(row) for row in rows if int(row[0]) in groups and not row[1].startswith("Z")]


@contextmanager
def running_stack(data_dir: Path, *options: str) -> Iterator[RunningStack]:
    try:
        yield RunningStack(data_dir, *options)
    finally:
        fantooo("down", "--data-dir", str(data_dir))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("stack") / "data") as running:
        yield running


# -- A stack that runs


def test_up_says_where_everything_is_and_how_to_sign_in(running: RunningStack) -> None:
    environment = running.environment
    for name in ("API_URL", "SUPABASE_URL", "PAYSTACK_BASE_URL", "DEMO_USER_EMAIL", "DEMO_ADMIN_PASSWORD"):
        assert environment[name] in running.started.stdout


def test_the_env_file_has_every_documented_key_and_is_its_owner_s_only(running: RunningStack) -> None:
    assert set(running.environment) >= DOCUMENTED
    assert stat.S_IMODE(running.stack.environment_file.stat().st_mode) == 0o600


@pytest.mark.parametrize("who", ["DEMO_USER", "DEMO_USER2", "DEMO_OPERATOR", "DEMO_OPERATOR2", "DEMO_ADMIN"])
def test_everybody_of_the_demo_data_can_sign_in(running: RunningStack, who: str) -> None:
    environment = running.environment
    answer = requests.post(
        f"{environment['SUPABASE_URL']}/auth/v1/token?grant_type=password",
        json={"email": environment[f"{who}_EMAIL"], "password": environment[f"{who}_PASSWORD"]},
        headers={"apikey": environment["SUPABASE_ANON_KEY"]},
        timeout=20,
    )
    assert answer.ok, answer.text


def test_the_demo_user_sees_the_demo_profiles_through_the_api(running: RunningStack) -> None:
    environment = running.environment
    sign_in = {"email": environment["DEMO_USER_EMAIL"], "password": environment["DEMO_USER_PASSWORD"]}
    session = requests.post(f"{environment['API_URL']}/api/auth/sign-in", json=sign_in, timeout=20).json()
    bearer = {"Authorization": f"Bearer {session['session']['access_token']}"}
    answer = requests.get(f"{environment['API_URL']}/api/profiles", headers=bearer, timeout=20).json()
    assert len(answer["profiles"]) == 4
    assert all(profile["is_fictional"] and profile["gender"] == "female" for profile in answer["profiles"])


def test_up_again_says_that_it_runs_already(running: RunningStack) -> None:
    again = fantooo("up", *running.where)
    assert again.returncode == 0
    assert "already running" in again.stdout
    assert running.environment["API_URL"] in again.stdout


# -- Stopping and coming back


def test_down_leaves_no_process_and_up_finds_data_keys_and_secrets_again(tmp_path: Path) -> None:
    with running_stack(tmp_path) as running:
        before = running.environment
        groups = list(running.leaders().values())
        assert fantooo("down", "--data-dir", str(tmp_path)).stdout == "Stopped.\n"
        wait_until(lambda: not still_running(groups))
        assert not is_running(tmp_path)

        after = RunningStack(tmp_path, "--no-demo-data").environment
        assert {name: after[name] for name in OURS_TO_KEEP} == {name: before[name] for name in OURS_TO_KEEP}
        sign_in = {"email": after["DEMO_USER_EMAIL"], "password": after["DEMO_USER_PASSWORD"]}
        assert requests.post(f"{after['API_URL']}/api/auth/sign-in", json=sign_in, timeout=20).ok


def test_a_service_that_is_killed_stops_the_stack_and_is_named(tmp_path: Path) -> None:
    with running_stack(tmp_path, "--no-demo-data") as running:
        groups = list(running.leaders().values())
        os.kill(running.leader("gunicorn"), signal.SIGKILL)
        wait_until(lambda: not is_running(tmp_path), seconds=60)
        wait_until(lambda: not still_running(groups))
        said = (tmp_path / "logs" / "supervisor.log").read_text()
        assert "api ended (killed by SIGKILL)" in said
        assert str(tmp_path / "logs" / "api.log") in said


def test_down_finds_what_a_killed_supervisor_left_behind(tmp_path: Path) -> None:
    with running_stack(tmp_path, "--no-demo-data") as running:
        groups = list(running.leaders().values())
        os.kill(running.supervisor(), signal.SIGKILL)
        wait_until(lambda: not is_running(tmp_path))
        assert still_running(groups)
        assert fantooo("down", "--data-dir", str(tmp_path)).stdout == "Stopped.\n"
        wait_until(lambda: not still_running(groups))


def test_a_process_is_recorded_by_its_command_line_which_it_has_only_a_moment_after_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By none it would not be known again, and left running."""
    looks = iter(("", ""))
    monkeypatch.setattr("local.processes.command_line", lambda pid: next(looks, command_line(pid)))
    children = Children(tmp_path / "logs", tmp_path / "children.json")
    children.start("sleeper", ["sleep", "60"], cwd=tmp_path, env={})
    try:
        (recorded,) = json.loads((tmp_path / "children.json").read_text()).values()
        assert recorded.strip() == "sleep 60"
    finally:
        children.stop()


def test_ctrl_c_in_the_foreground_stops_everything(tmp_path: Path) -> None:
    stack = Stack(tmp_path, free_port(4))
    where = ["--data-dir", str(tmp_path), "--port-base", str(stack.port_base)]
    command = [sys.executable, "-m", "cli", "up", *where, "--no-demo-data"]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as foreground:
        assert foreground.stdout
        for line in foreground.stdout:
            if line.startswith("Fantooo is running"):
                break
        groups = [int(pid) for pid in json.loads((tmp_path / "children.json").read_text())]
        foreground.send_signal(signal.SIGINT)
        foreground.communicate(timeout=60)
    assert foreground.returncode == 0
    wait_until(lambda: not still_running(groups))
    assert not stack.cluster.is_running


# -- Not starting


def test_down_where_nothing_runs_says_so(tmp_path: Path) -> None:
    assert fantooo("down", "--data-dir", str(tmp_path)).stdout == f"Nothing is running in {tmp_path}.\n"


@pytest.mark.parametrize("offset", range(4))
def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path, offset: int) -> None:
    base = free_port(4)
    with (
        socket.create_server(("127.0.0.1", base + offset)),
        pytest.raises(SetupError, match=f"Port {base + offset}, meant for"),
    ):
        Stack(tmp_path, base).run(lambda _: None)
    assert not (tmp_path / "postgres").exists()


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for options in ([], ["--detach"]):
        failed = fantooo("up", "--data-dir", str(tmp_path / "file" / "data"), *options)
        assert failed.returncode == 1
        assert failed.stderr == f"Error: Cannot write to {tmp_path}/file/data: Not a directory.\n"
        assert failed.stdout == ""


# -- Processes


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    children = Children(tmp_path / "logs", tmp_path / "children.json")
    yield children
    children.stop()


def start_shell(children: Children, script: str) -> None:
    children.start("shell", ["sh", "-c", script], cwd=CHECKOUT, env={})


def group_of(children: Children, tmp_path: Path) -> int:
    [leader] = json.loads((tmp_path / "children.json").read_text())
    return int(leader)


def test_a_child_that_ends_is_reported_with_its_last_words(children: Children) -> None:
    start_shell(children, "echo I give up; exit 3")

    def ended() -> bool:
        try:
            children.check()
        except ChildDied as death:
            assert "shell ended (exit code 3)" in str(death)
            assert "I give up" in str(death)
            return True
        return False

    wait_until(ended)


def test_stopping_reaches_what_a_child_has_started(children: Children, tmp_path: Path) -> None:
    start_shell(children, "sleep 1000 & sleep 1000 & wait")
    group = group_of(children, tmp_path)
    wait_until(lambda: len(still_running([group])) == 3)
    children.stop()
    wait_until(lambda: not still_running([group]))


def test_stopping_reaches_what_a_killed_child_has_left(children: Children, tmp_path: Path) -> None:
    start_shell(children, "sleep 1000 & wait")
    group = group_of(children, tmp_path)
    wait_until(lambda: len(still_running([group])) == 2)
    os.kill(group, signal.SIGKILL)
    children.stop()
    wait_until(lambda: not still_running([group]))


def test_leftovers_are_stopped_but_not_a_stranger_with_the_same_number(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "1000"], start_new_session=True) as stranger:
        record = tmp_path / "children.json"
        record.write_text(json.dumps({str(stranger.pid): "what had this number before"}))
        children = Children(tmp_path / "logs", record)
        children.stop_leftovers()
        assert stranger.poll() is None

        record.write_text(json.dumps({str(stranger.pid): command_line(stranger.pid)}))
        children.stop_leftovers()
        assert stranger.wait() == -signal.SIGKILL

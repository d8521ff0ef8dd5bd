"""The TypeScript clients are of today: what they were written from has not changed since."""

import json
import shutil
import subprocess

import pytest

from clients import generate
from tests.conftest import Server
from tests.support.database import Database

DIRECTORY = generate.PATH.parent


def test_the_database_types_are_current(server: Server, template: str) -> None:
    assert generate.database_types(server.dsn(template)) == generate.PATH.read_text(), "run: make types"


def test_columns_and_arguments_are_optional_where_the_database_can_do_without_them(db: Database) -> None:
    db.owner.execute(
        "create table public.zebras (id bigint generated always as identity, name text not null, stripes integer[],"
        " born date not null default now(), data jsonb, shape point not null)"
    )
    db.owner.execute(
        "create function public.zebras_of(p_name text, p_limit integer default 1)"
        " returns table (name text, age numeric) language sql as 'select null, 1.0'"
    )
    types = generate.database_types(db.dsn)
    assert (
        """
      zebras: {
        Row: {
          born: string
          data: Json | null
          id: number
          name: string
          shape: unknown
          stripes: number[] | null
        }
        Insert: {
          born?: string
          data?: Json | null
          id?: never
          name: string
          shape: unknown
          stripes?: number[] | null
        }
"""
        in types
    )
    assert (
        """
      zebras_of: {
        Args: {
          p_limit?: number
          p_name: string
        }
        Returns: {
          name: string
          age: number
        }[]
      }
"""
        in types
    )


@pytest.mark.skipif(
    not (shutil.which("npm") and (DIRECTORY / "node_modules").is_dir()),
    reason="needs Node, and the packages that `make types-check` installs",
)
def test_the_clients_are_current_and_compile_with_the_example() -> None:
    done = subprocess.run(["npm", "run", "--silent", "check"], cwd=DIRECTORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((DIRECTORY / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []

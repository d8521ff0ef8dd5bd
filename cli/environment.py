"""Where a command finds the project it acts on: the environment, else the env file of the local stack."""

import os
from pathlib import Path

import click

DEFAULT_DATA_DIR = Path(".fantooo")


def read_env_file(data_dir: Path) -> dict[str, str]:
    """The KEY=value lines of DIR/env, which `fantooo up` writes; {} when there is none."""
    path = data_dir / "env"
    if not path.is_file():
        return {}
    lines = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
    return {key: value for key, _, value in lines}


def variable(name: str) -> str:
    """The value of an environment variable, or of the running local stack; a click error that says how to set it."""
    value = os.environ.get(name) or read_env_file(DEFAULT_DATA_DIR).get(name)
    if not value:
        raise click.ClickException(
            f"{name} is not set. Export it for a hosted project, or start the local stack here: fantooo up."
        )
    return value


def environment() -> dict[str, str]:
    """Every variable: those of the running local stack, and over them those of the environment."""
    return {**read_env_file(DEFAULT_DATA_DIR), **os.environ}

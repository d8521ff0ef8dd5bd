"""The `fantooo` command: one module a command, imported when it is asked for."""

import importlib

import click

# command → (module, attribute, help for the list)
COMMANDS = {
    "up": ("cli.stack", "up", "Start everything on this machine."),
    "down": ("cli.stack", "down", "Stop what `up` started."),
    "demo": ("cli.demo", "demo", "Play a whole conversation against a fresh stack, step by step."),
    "db": ("cli.db", "db", "Push, check and reset the database schema."),
    "job": ("cli.job", "job", "Run a scheduled job, once or again and again."),
    "doctor": (
        "cli.doctor",
        "doctor",
        "Say what of a project is set up, what is missing, and how to fix it.",
    ),
    "create-admin": ("cli.admin", "create_admin", "Make the first admin of a new project, or another."),
    "operators": ("cli.operators", "operators", "Create, deactivate and list operators."),
    "payments": ("cli.payments", "payments", "Look into payments, ask Paystack again, export."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only to run it: `fantooo up` needs local/, a deployment has none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None when there is no such one."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list for --help without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Fantooo: a paid chat with fictional profiles."""

"""The group of commands: imports one when it is called, and answers for every error."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

import click

from otsim import __version__
from otsim.cli.failures import exit_code_of, told

__all__ = ["Command", "OtsimGroup", "build_main"]


@dataclass(frozen=True, kw_only=True)
class Command:
    """Where a command lives, `package.module:function`, and what it does in one sentence."""

    target: str
    about: str


class OtsimGroup(click.Group):
    """Commands by name, in the order of their table."""

    def __init__(self, commands: Mapping[str, Command], **settings: Any) -> None:
        """Take the table of commands and click's own settings."""
        super().__init__(**settings)
        self.table = dict(commands)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or return None for an unknown name."""
        if cmd_name not in self.table:
            return None
        module, _, function = self.table[cmd_name].target.partition(":")
        command: click.Command = getattr(import_module(module), function)
        _name_variables(cmd_name, command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.about) for name, command in self.table.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        if args and not args[0].startswith("-") and args[0] not in self.table:
            from otsim.config.problems import did_you_mean

            hint = did_you_mean(args[0], self.table)
            raise click.UsageError(f"there is no command {args[0]!r} ({hint})", ctx)
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **settings: Any) -> click.Context:
        """Parse the command line; help may meet a closed pipe."""
        with _telling_closed_pipe():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; its output may meet a closed pipe."""
        with _telling_closed_pipe():
            return super().invoke(ctx)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **settings: Any) -> Any:
        """Run the command line and leave with its exit code.

        `--debug` may stand anywhere before `--`; it turns the one line of an unexpected error into
        a traceback. With `--json` an error is one JSON object on standard output.
        """
        given = list(sys.argv[1:] if args is None else args)
        given, debug = _without_debug(given)
        try:
            code = super().main(given, *rest, **{**settings, "standalone_mode": False})
            sys.stdout.flush()  # now, while a closed pipe can still be met quietly
        except (_ClosedPipe, BrokenPipeError):
            _leave_closed_pipe()
        except (Exception, KeyboardInterrupt) as error:
            if debug and exit_code_of(error) == 1:
                raise
            told(error, as_json=_wants_json(given))
            sys.exit(exit_code_of(error))
        sys.exit(code if isinstance(code, int) else 0)


def build_main(commands: Mapping[str, Command]) -> OtsimGroup:
    """Make the command line out of a table of commands."""
    group = OtsimGroup(
        commands,
        name="otsim",
        help="Cyber risk of industrial plants: from a study file to a report in money.\n\n"
        "Example: otsim init study.yaml, then otsim run study.yaml --out runs/first",
        context_settings={
            "auto_envvar_prefix": "OTSIM",
            "help_option_names": ["-h", "--help"],
            "max_content_width": 100,
        },
        params=[
            click.Option(
                ["--debug"],
                is_flag=True,
                expose_value=False,
                help="Show the traceback of an unexpected error. Works on every command.",
            )
        ],
    )
    version = click.version_option(__version__, prog_name="otsim", message="%(prog)s %(version)s")
    version(group)
    return group


def _without_debug(args: list[str]) -> tuple[list[str], bool]:
    end = args.index("--") if "--" in args else len(args)
    kept = [arg for arg in args[:end] if arg != "--debug"]
    debug = len(kept) < end or os.environ.get("OTSIM_DEBUG", "") not in ("", "0", "false")
    return kept + args[end:], debug


def _wants_json(args: Sequence[str]) -> bool:
    return "--json" in args or any(
        os.environ.get(_variable(arg, "json"), "") not in ("", "0", "false") for arg in args[:1]
    )


def _name_variables(name: str, command: click.Command) -> None:
    """Let `OTSIM_<COMMAND>_<OPTION>` set each option, whatever its parameter is called."""
    for option in command.params:
        names = [text[2:] for text in option.opts if text.startswith("--")]
        if isinstance(option, click.Option) and names and option.envvar is None:
            option.envvar = _variable(name, names[0])


def _variable(command: str, option: str) -> str:
    return f"OTSIM_{command}_{option}".upper().replace("-", "_")


class _ClosedPipe(Exception):  # noqa: N818 - an end, not an error
    """Whoever read the output has seen enough; click would make a failure of it."""


@contextmanager
def _telling_closed_pipe() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise _ClosedPipe from None


def _leave_closed_pipe() -> NoReturn:
    """End quietly, and let nothing be written to the pipe on the way out."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = io.StringIO()
    sys.exit(0)

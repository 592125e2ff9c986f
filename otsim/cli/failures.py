"""Errors as users see them: lines on standard error, or one JSON object on standard output."""

from __future__ import annotations

import json
import re

import click

from otsim.errors import INTERRUPTED, TERMINATED, ConfigError, OtsimError, Terminated

__all__ = ["error_object", "exit_code_of", "told"]

_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d+):\d+: (?P<rest>.*)", re.DOTALL)
_HINT = re.compile(r"did you mean [^()?]*\?", re.IGNORECASE)


def exit_code_of(error: BaseException) -> int:
    """Return what the process ends with: 1 for a fault of otsim's own."""
    if isinstance(error, OtsimError):
        return error.exit_code
    if _is_terminated(error):
        return TERMINATED
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return INTERRUPTED
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    return error.exit_code if isinstance(error, click.ClickException) else 1


def told(error: BaseException, *, as_json: bool) -> None:
    """Tell the user about an error, without a traceback.

    Args:
        error: what stopped the command.
        as_json: print one object on standard output in place of lines on standard error.
    """
    if as_json:
        click.echo(json.dumps({"error": error_object(error)}, ensure_ascii=False))
    elif isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
    else:
        click.echo(_message(error), err=True)


def error_object(error: BaseException) -> dict[str, str | int | None]:
    """Return code, message, file, line and fix of an error; None for what it does not know."""
    message = _message(error)
    first = error.problems[0] if isinstance(error, ConfigError) else message
    place = _PLACE.fullmatch(first)
    return {
        "code": type(error).__name__,
        "message": message,
        "file": place["file"] if place else None,
        "line": int(place["line"]) if place else None,
        "fix": _fix(place["rest"] if place else first),
    }


def _fix(text: str) -> str | None:
    """Return what to do: the hint in brackets, or what stands after the last semicolon."""
    hint = _HINT.search(text)
    if hint:
        return hint[0]
    _, semicolon, fix = text.rpartition("; ")
    return fix if semicolon else None


def _message(error: BaseException) -> str:
    if isinstance(error, OtsimError):
        return str(error)
    if _is_terminated(error):
        return "terminated"
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return "interrupted"
    if isinstance(error, click.ClickException):
        return _usage(error)
    return (
        f"unexpected error: {type(error).__name__}: {_one_line(error)}; "
        "this is a fault of otsim; add --debug to see where"
    )


def _is_terminated(error: BaseException) -> bool:
    """Tell SIGTERM from Ctrl-C, also where click has made its own exception of it."""
    return isinstance(error, Terminated) or isinstance(error.__cause__, Terminated)


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "otsim"
    return f"{path}: {_one_line(error.format_message()).rstrip('.')}; see {path} --help"


def _one_line(what: object) -> str:
    return " ".join(str(what).split())

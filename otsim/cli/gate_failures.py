"""Commands that finished, wrote their results, and yet end with the exit code of a gate."""

from __future__ import annotations

from typing import Any, NoReturn

import click

from otsim.cli.failures import error_object
from otsim.errors import GateError

__all__ = ["gate_object", "refuse_at_gate"]


def gate_object(failure: str | None) -> dict[str, Any]:
    """Return the part of a command's one JSON object that tells of a broken gate."""
    return {} if failure is None else {"error": error_object(GateError(failure))}


def refuse_at_gate(failure: str, *, told: bool) -> NoReturn:
    """End with the exit code of a gate.

    Args:
        failure: what does not hold, a line.
        told: the JSON object of the command has told it already.
    """
    if told:
        raise click.exceptions.Exit(GateError.exit_code)
    raise GateError(failure)

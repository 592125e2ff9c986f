"""An architecture file and what it extends -> one checked `Architecture`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from otsim.config.architecture.architecture import COLLECTIONS, Architecture
from otsim.config.architecture.architecture_checks import architecture_problems
from otsim.config.architecture.architecture_schema import architecture_schema
from otsim.config.architecture.attack_techniques import Techniques, shipped_techniques
from otsim.config.architecture.extended_files import read_extended
from otsim.config.overlay import branch_of
from otsim.config.problems import Problem, fault_lines
from otsim.config.validation_problems import validation_problems
from otsim.config.yaml_lines import Branch, Place, plain
from otsim.errors import ConfigError

__all__ = ["MAX_BYTES", "checked_architecture", "read_architecture"]

MAX_BYTES = 8_000_000


def read_architecture(
    path: str | Path,
    *,
    points: Collection[str] | None = None,
    techniques: Techniques | None = None,
) -> Architecture:
    """Read an architecture, lay it over the file that it extends, and check everything in it.

    Args:
        path: the file; `-` is standard input.
        points: names of the plant's points; None leaves the points unchecked.
        techniques: the ATT&CK techniques that there are; those shipped if not given.

    Raises:
        ConfigError: every fault, a line `file:line:col: where: what; what to do` each.
    """
    root = read_extended(path, collections=COLLECTIONS, max_bytes=MAX_BYTES)
    return _checked(root, points, techniques)


def checked_architecture(
    data: Any,
    name: str,
    *,
    points: Collection[str] | None = None,
    techniques: Techniques | None = None,
) -> Architecture:
    """Check plain data that did not come from a file of ours, such as an import.

    Args:
        data: what an architecture file would hold.
        name: what to call its origin in messages.
        points: names of the plant's points; None leaves the points unchecked.
        techniques: the ATT&CK techniques that there are; those shipped if not given.

    Raises:
        ConfigError: every fault, a line `name: where: what; what to do` each.
    """
    return _checked(branch_of(data, Place(name)), points, techniques)


def _checked(
    root: Branch, points: Collection[str] | None, techniques: Techniques | None
) -> Architecture:
    try:
        given = Architecture.model_validate(plain(root))
    except ValidationError as error:
        _refuse(root, validation_problems(root, error, architecture_schema()))
        raise AssertionError("a validation error without a problem") from error
    _refuse(root, architecture_problems(given, points, techniques or shipped_techniques()))
    return given


def _refuse(root: Branch, problems: Sequence[Problem]) -> None:
    if problems:
        raise ConfigError(*fault_lines(root, problems))

"""JSON of other tools: bounded in size and depth, numbers finite, errors in one line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from otsim.architecture.imports.bounded_files import read_text, shown_name
from otsim.config.yaml_lines import one_line
from otsim.errors import ConfigError

__all__ = ["read_json"]

MAX_DEPTH = 64
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def read_json(path: str | Path, max_bytes: int) -> Any:
    """Read a JSON file.

    Args:
        path: the file; `-` is standard input.
        max_bytes: the most that it may hold.

    Raises:
        ConfigError: it cannot be read, is larger or deeper, or is not JSON.
    """
    name = shown_name(path)
    text = read_text(path, max_bytes)
    _refuse_depth(text, name)
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        message = f"not valid JSON ({one_line(error.msg)}); fetch or export it again"
        raise ConfigError(f"{name}:{error.lineno}:{error.colno}: {message}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not valid JSON ({one_line(str(error))})") from None


def _refuse_depth(text: str, name: str) -> None:
    depth = 0
    for token in _BRACKET.finditer(text):
        bracket = text[token.start()]
        if bracket in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                line = text.count("\n", 0, token.start()) + 1
                message = f"nested deeper than {MAX_DEPTH} levels; is it the right file?"
                raise ConfigError(f"{name}:{line}: {message}")
        elif bracket in "]}":
            depth -= 1


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a finite number")

"""Plain YAML scalars as YAML 1.2 reads them, stricter where a slip would pass for a number."""

from __future__ import annotations

import math
import re

__all__ = ["Scalar", "resolve"]

Scalar = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
# A leading zero (0777) makes text: octal to some readers, decimal to others.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LONGEST_NUMBER = 400
_LARGEST_INTEGER = 2**63


def resolve(text: str) -> Scalar:
    """Turn an unquoted scalar into what it means.

    Dates, `1:30:00`, `no`, `0777` and `1_000` stay text; `2.4e8` and `1e3` are numbers.

    Raises:
        ValueError: a number that is not finite or too large to be meant, said in words.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a finite number; write a number")
    if _INTEGER.fullmatch(text):
        return _integer(text, 10)
    if _BASED.fullmatch(text):
        return _integer(text, 0)
    return _float(text) if _FLOAT.fullmatch(text) else text


def _integer(text: str, base: int) -> int:
    if len(text) <= _LONGEST_NUMBER and abs(value := int(text, base)) < _LARGEST_INTEGER:
        return value
    raise ValueError(f"whole number of {len(text)} digits is too large; at most 2**63 - 1")


def _float(text: str) -> float:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"number of {len(text)} characters is too long; write fewer digits")
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is too large for a number; at most 1.7e308")
    return value

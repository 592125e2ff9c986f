"""The fields of one line, read by position; faults are kept and reading goes on."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import islice
from typing import TypeVar

from otsim.config.epanet.faults import Faults, shown
from otsim.config.epanet.inp_lines import Line, tokens_of

__all__ = ["LARGEST", "SMALLEST", "Fields", "as_number", "is_word", "n_words", "word"]

LARGEST = 1e12
SMALLEST = 1e-9  # what must be above zero: its powers and inverses still have a double
_LONGEST_NAME = 256
_MOST = 10_000  # fields in a line
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_EMPTY = ("", "*")
Choice = TypeVar("Choice")


class Fields:
    """The fields of one line, counted from 0.

    What is missing or wrong is kept as a fault, and a value returned with which reading can go on:
    so a line shows all its faults, and none makes others elsewhere.

    Attributes:
        line: where they stand.
        faults: keeps what is wrong.
    """

    def __init__(self, line: Line, faults: Faults) -> None:
        self.line = line
        self.faults = faults
        self._tokens = tuple(islice(tokens_of(line), _MOST))
        self._ends_early = False
        if len(self._tokens) == _MOST:
            self.fault(_MOST - 1, f"line of {_MOST} fields or more; split it up")

    def __len__(self) -> int:
        return len(self._tokens)

    def has(self, i: int) -> bool:
        """Whether the field is given: there, and not `*`."""
        return i < len(self) and self._tokens[i].text not in _EMPTY

    def text(self, i: int) -> str:
        """The field as it stands, "" for one that is not there."""
        return self._tokens[i].text if i < len(self) else ""

    def fault(self, i: int, message: str) -> None:
        """Keep a fault of a field; of those beyond the end of the line, the first says enough."""
        if i < len(self):
            column = self._tokens[i].column
        elif self._ends_early:
            return
        else:
            self._ends_early = True
            column = len(self.line.text.partition(";")[0].rstrip()) + 1
        self.faults.add(self.line.number, column, self.line.section, message)

    def name(self, i: int, what: str) -> str:
        """A name, of whatever the message calls it."""
        name = self.text(i)
        if name in _EMPTY:
            self.fault(i, f"{what} is missing; write it")
        elif len(name) > _LONGEST_NAME:
            self.fault(i, f"{what} is longer than {_LONGEST_NAME} characters; shorten it")
        elif not name.isprintable():
            self.fault(
                i, f"{what} {shown(name)} holds a character that is not printable; remove it"
            )
        return name

    def known(self, i: int, what: str, names: Collection[str]) -> str:
        """The name of something that the file describes."""
        name = self.name(i, what)
        if name not in _EMPTY and name not in names:
            hint = self.faults.hint(name, names)
            self.fault(i, f"{what} {shown(name)} is not in the file; {hint}")
        return name

    def known_or_none(self, i: int, what: str, names: Collection[str]) -> str | None:
        """The name of something that the file describes, None where none is given."""
        return self.known(i, what, names) if self.has(i) else None

    def number(
        self,
        i: int,
        what: str,
        *,
        low: float = -LARGEST,
        high: float = LARGEST,
        otherwise: float | None = None,
    ) -> float:
        """A number between two bounds, both included.

        Args:
            i: which field.
            what: its name in messages.
            low: the smallest; SMALLEST for a number that must be above zero.
            high: the largest.
            otherwise: what an empty field means; None where it must be given.
        """
        harmless = min(max(1.0, low), high)
        if not self.has(i):
            if otherwise is None:
                self.fault(i, f"{what} is missing; write a number")
            return harmless if otherwise is None else otherwise
        value = as_number(self.text(i))
        if value is None:
            self.fault(i, f"{what} is {shown(self.text(i))}; write a number")
        elif not low <= value <= high:
            self.fault(i, f"{what} is {shown(self.text(i))}; {_bounds(low, high)}")
        else:
            return value
        return harmless

    def choice(self, i: int, choices: Mapping[str, Choice], what: str, otherwise: Choice) -> Choice:
        """What a keyword stands for; `otherwise` where it is none of the choices.

        Args:
            i: which field.
            choices: keywords, as `word` reads them, and what each stands for.
            what: name of the field in messages.
            otherwise: returned with a fault.
        """
        keyword = word(self.text(i), choices)
        if keyword is not None:
            return choices[keyword]
        known = " or ".join(each.upper() for each in choices)
        said = f"is {shown(self.text(i))}" if self.has(i) else "is missing"
        self.fault(i, f"{what} {said}; write {known}")
        return otherwise


def as_number(text: str) -> float | None:
    """The number that a field holds; None for text, and for what looks like NaN or infinity."""
    return float(text) if _NUMBER.fullmatch(text) else None


def word(text: str, keywords: Collection[str]) -> str | None:
    """Return the first keyword with which a field begins, as EPANET matches them.

    Args:
        text: a field, in letters of either case.
        keywords: each with the letters in upper case that a field must begin with; the rest in
            lower case tells readers what it stands for, such as `DURAtion`.
    """
    return next((keyword for keyword in keywords if is_word(text, keyword)), None)


def is_word(text: str, keyword: str) -> bool:
    """Whether a field begins with the upper-case letters of a keyword."""
    return text.upper().startswith(keyword.rstrip("abcdefghijklmnopqrstuvwxyz"))


def n_words(fields: Fields, keywords: str) -> int:
    """How many keywords, divided by blanks, open the line; 0 unless all of them do."""
    words = keywords.split()
    matches = all(is_word(fields.text(i), each) for i, each in enumerate(words))
    return len(words) if matches else 0


def _bounds(low: float, high: float) -> str:
    if low == SMALLEST and high == LARGEST:
        return "it must be above 0"
    if low == 0 and high == LARGEST:
        return "it must be 0 or above"
    if low == -LARGEST and high == LARGEST:
        return f"it must be within {high:g} of 0"
    if high == LARGEST:
        return f"it must be {low:g} or above"
    return f"it must be between {low:g} and {high:g}"

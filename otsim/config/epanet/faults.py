"""The faults of one file, gathered while reading goes on."""

from __future__ import annotations

from collections.abc import Collection

from otsim.config.problems import did_you_mean
from otsim.config.yaml_lines import one_line
from otsim.errors import ConfigError

__all__ = ["Faults", "shown"]

_MOST = 1000  # of a file that is no network at all, nobody reads more
_MOST_HINTS = 20  # as many as an error shows; searching names for more takes too long
_MOST_NAMES = 5000
_LONGEST = 600


class Faults:
    """Faults by place, told all at once in the order of the lines.

    Attributes:
        file: its name in messages.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._lines: dict[tuple[int, int, str], None] = {}
        self._hints = 0

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, line: int, column: int, section: str, message: str) -> None:
        """Keep a fault: `what; what to do`, at a line and column that count from 1."""
        if len(self._lines) < _MOST:
            self._lines[line, column, one_line(f"[{section}] {message}", _LONGEST)] = None

    def hint(self, name: str, known: Collection[str]) -> str:
        """Name the nearest known name, if looking for it is not too long a search."""
        otherwise = "check its spelling, or add it"
        self._hints += 1
        if self._hints > _MOST_HINTS or len(known) > _MOST_NAMES:
            return otherwise
        return did_you_mean(name, known, otherwise=otherwise)

    def raise_any(self) -> None:
        """Raise what was kept.

        Raises:
            ConfigError: a line `file:line:col: [SECTION] what; what to do` for each fault.
        """
        if self._lines:
            raise ConfigError(
                *(f"{self.file}:{a}:{b}: {what}" for a, b, what in sorted(self._lines))
            )


def shown(text: str) -> str:
    """Foreign text, cut and safe to stand in a message."""
    return one_line(text, 40)

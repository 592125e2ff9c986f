"""Parts of a run, `k/N`: which of its shards one task of a job array computes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from otsim.errors import SimulationError

__all__ = ["Part", "parse_part"]

_MOST = 100_000


@dataclass(frozen=True, kw_only=True)
class Part:
    """Every n-th shard, so that parts are alike in size however far a run grows.

    Attributes:
        number: 1 to `of`.
        of: how many parts there are.
    """

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def shards(self, n_shards: int) -> range:
        """The shards of this part."""
        return range(self.number - 1, n_shards, self.of)


def parse_part(text: str) -> Part:
    """Read `k/N`, k from 1 to N.

    Raises:
        SimulationError: it is something else; the message says how a job array counts from 1.
    """
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    if found is None:
        raise SimulationError(f"--shard {text}: need k/N, such as 2/8: the second part of eight")
    number, of = int(found[1]), int(found[2])
    if not 1 <= number <= of <= _MOST:
        raise SimulationError(
            f"--shard {text}: k counts from 1 to N, and N is at most {_MOST}; "
            "let the job array count from 1, as in --array=1-8"
        )
    return Part(number=number, of=of)

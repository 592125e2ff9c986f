"""Named points at which a test may make a commit fail, to prove that nothing partial is trusted."""

from __future__ import annotations

import os

__all__ = ["FAULT_POINTS", "InjectedFault", "reach"]

FAULT_POINTS: tuple[str, ...] = (
    "before_write",
    "half_written",
    "after_write",
    "after_fsync",
    "after_hash",
    "after_replace",
    "after_folder_fsync",
)
_VARIABLE = "OTSIM_FAULT"
_seen: dict[str, int] = {}


class InjectedFault(BaseException):
    """Stands for a kill at a named point: no handler of ordinary errors tidies up after it."""


def reach(point: str) -> None:
    """Raise `InjectedFault` if `OTSIM_FAULT=point:n` asks for it and this is the n-th arrival.

    Counting starts anew whenever the variable is unset; without it this does nothing.
    """
    wanted = os.environ.get(_VARIABLE)
    if wanted is None:
        _seen.clear()
        return
    name, _, number = wanted.partition(":")
    if name != point:
        return
    _seen[wanted] = _seen.get(wanted, 0) + 1
    if _seen[wanted] == int(number or 1):
        raise InjectedFault(f"{_VARIABLE}={wanted}")

"""What differs between two runs: keys of their studies, versions, figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from otsim.config.key_paths import key_path
from otsim.runs.run_summary import Figure, RunSummary

__all__ = ["Difference", "FigurePair", "run_differences", "shared_figures"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One key that is not the same in both; None where a run does not have it."""

    key: str
    first: Any
    second: Any


@dataclass(frozen=True, kw_only=True)
class FigurePair:
    """The same figure of two runs; None where a run does not have it."""

    name: str
    first: Figure | None
    second: Figure | None


def run_differences(first: RunSummary, second: RunSummary) -> list[Difference]:
    """Find what the two runs do not share, keys of the study in its order, then versions."""
    one, other = dict(_told(first)), dict(_told(second))
    return [
        Difference(key=key, first=one.get(key), second=other.get(key))
        for key in one | other
        if one.get(key) != other.get(key)
    ]


def shared_figures(first: RunSummary, second: RunSummary) -> list[FigurePair]:
    """Set the figures of both side by side, in the order of the first."""
    names = dict.fromkeys(figure.name for run in (first, second) for figure in run.figures)
    return [
        FigurePair(name=name, first=first.figure(name), second=second.figure(name))
        for name in names
    ]


def _told(run: RunSummary) -> Iterator[tuple[str, Any]]:
    """Name everything that a run is made of."""
    yield from _leaves(run.study, ())
    for name, version in run.versions.items():
        yield f"version of {name}", version
    yield "device", run.device


def _leaves(value: Any, walked: tuple[str | int, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from _leaves(below, (*walked, str(name)))
    elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        for index, below in enumerate(value):
            yield from _leaves(below, (*walked, index))
    elif walked:
        yield key_path(walked), value

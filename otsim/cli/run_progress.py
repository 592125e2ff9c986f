"""Progress of a run on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from otsim.study import Progress

__all__ = ["run_progress"]

Log = Callable[[str], None]
Told = Callable[["Progress"], None]
_EVERY_S = 15.0
_WORDS = {"twins": "simulating twins", "report": "tables, recordings and report"}


@contextmanager
def run_progress(*, quiet: bool) -> Iterator[tuple[Log, Told]]:
    """Offer where to log and where to tell the progress of a run."""
    if quiet:
        yield (lambda line: None), (lambda state: None)
    elif sys.stderr.isatty():
        with _bar() as told:
            yield told
    else:
        lines = _Lines()
        yield lines.log, lines.told


class _Lines:
    """Tells a line at every new stage, and every few seconds within one."""

    def __init__(self) -> None:
        self.began = self.last = time.monotonic()
        self.first: int | None = None
        self.stage = ""

    def log(self, line: str) -> None:
        """Tell a line."""
        click.echo(line, err=True)

    def told(self, state: Progress) -> None:
        """Tell how far a run is, unless it was told just now."""
        now = time.monotonic()
        if self.first is None:
            self.first = state.done
        if state.stage == self.stage and now - self.last < _EVERY_S:
            return
        self.stage, self.last = state.stage, now
        self.log(f"{_WORDS[state.stage]}: {_how_far(state, self.first, now - self.began)}")


def _how_far(state: Progress, first: int, elapsed_s: float) -> str:
    if state.done == first or state.done == state.total:
        return f"{state.done:,} of {state.total:,}"
    rate = (state.done - first) / elapsed_s
    left_s = (state.total - state.done) / rate
    return f"{state.done:,} of {state.total:,}, {rate:.0f} twins/s, {left_s:.0f} s left"


@contextmanager
def _bar() -> Iterator[tuple[Log, Told]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task(_WORDS["twins"], total=None)

        def told(state: Progress) -> None:
            bars.update(
                task, description=_WORDS[state.stage], completed=state.done, total=state.total
            )

        yield (lambda line: console.print(line, markup=False, highlight=False)), told

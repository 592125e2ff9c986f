"""Rows of text in columns."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

__all__ = ["aligned"]


def aligned(rows: Sequence[Sequence[str]], right: Container[int] = ()) -> Iterator[str]:
    """Set rows in columns, a line each.

    Args:
        rows: cells of text, as many in each row.
        right: columns that are set to the right, as numbers are.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()

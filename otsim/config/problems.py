"""Faults with their location in a study -> lines `file:line:col: where: what; what to do`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from otsim.config.key_paths import key_path
from otsim.config.yaml_lines import Branch, Place, Step, locate, one_line

__all__ = ["Problem", "did_you_mean", "fault_lines"]

Problem = tuple[tuple[Step, ...], str]
"""Steps from the top of the file, and what is wrong there. A last step may be missing there."""

_TREE = ("attack", "tree")
_LONGEST = 600


def did_you_mean(name: object, known: Iterable[str], *, otherwise: str | None = None) -> str:
    """Return a hint at the nearest known name, or else all of them or the given words."""
    names = list(known)
    text = str(name)
    near = difflib.get_close_matches(text, names, n=1)
    near = near or [other for other in names if other.lower() == text.lower()]
    if near:
        return f"did you mean {near[0]}?"
    return otherwise if otherwise is not None else f"known: {', '.join(names)}"


def fault_lines(root: Branch, problems: Sequence[Problem]) -> list[str]:
    """Say each problem in one line, in the order of the files; the same line is said once."""
    placed = [(_place(root, location), location, message) for location, message in problems]
    files = list(dict.fromkeys([root.place.file, *(place.file for place, _, _ in placed)]))
    placed.sort(key=lambda fault: (files.index(fault[0].file), fault[0].line, fault[0].column))
    return list(dict.fromkeys(_line(root, *fault) for fault in placed))


def _place(root: Branch, location: tuple[Step, ...]) -> Place:
    """Where to look: at the last key on the way that exists, or at the item of a list."""
    branch, _ = locate(root, location)
    return branch.key_place or branch.place


def _line(root: Branch, place: Place, location: tuple[Step, ...], message: str) -> str:
    if location[:2] == _TREE and place.file != root.place.file and place.line:
        location = location[2:]  # the tree stands in a file of its own
    where = key_path(location)
    start = str(place) if not where or place.file == f"-s {where}" else f"{place}: {where}"
    return f"{start}: {one_line(message, _LONGEST)}"

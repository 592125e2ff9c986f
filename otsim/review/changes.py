"""The changes that a review weighs: every item taken away, every control added or taken away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast, get_args

import numpy as np
import numpy.typing as npt

from otsim.architecture.attack_graph import COLLECTION_OF, ItemKind
from otsim.config.architecture.architecture import Architecture
from otsim.config.architecture.attack_techniques import shipped_techniques
from otsim.review.design import Design
from otsim.review.results import Change

__all__ = ["KINDS", "changes_of", "items_of_leaves", "title_of"]

Bools = npt.NDArray[np.bool_]

KINDS: tuple[str, ...] = (*get_args(ItemKind), "technique")
"""What the loss is split over, and what is taken away."""

_NOT_REMOVED = ("zone",)  # a zone without steps is no plant


def changes_of(design: Design, used: Bools) -> tuple[Change, ...]:
    """List the changes to weigh.

    Args:
        design: the design as it is.
        used: bool[n_leaves], steps that led some campaign to its goal; an item that none of them
            uses is left out, since without it no goal would fall later.
    """
    return (*_removals(design, used), *_of_controls(design))


def items_of_leaves(design: Design, kind: str) -> tuple[str | None, ...]:
    """Return the item of this kind that each step uses; None for none."""
    steps = [design.graph.steps.get(leaf) for leaf in design.attack.leaves]
    if kind == "technique":
        return tuple(None if step is None else step.technique for step in steps)
    return tuple(None if step is None else step.items.get(cast(ItemKind, kind)) for step in steps)


def title_of(design: Design, kind: str, name: str) -> str:
    """Return what an item is, in words; its name, if the architecture says no more."""
    architecture = design.study.attack.architecture
    assert architecture is not None
    if kind == "technique":
        known = shipped_techniques().by_id.get(name)
        return f"{known.name} ({name})" if known is not None else name
    given = getattr(architecture, COLLECTION_OF[kind]).get(name)
    return getattr(given, "title", None) or name.replace("_", " ")


def _removals(design: Design, used: Bools) -> Iterator[Change]:
    for kind in KINDS:
        if kind in _NOT_REMOVED:
            continue
        items = np.array(items_of_leaves(design, kind), object)
        for name in dict.fromkeys(item for item in items[used] if item is not None):
            yield Change(
                kind=kind, name=name, title=title_of(design, kind, name),
                absent=np.asarray(items == name, bool), controls={},
            )  # fmt: skip


def _of_controls(design: Design) -> Iterator[Change]:
    architecture: Architecture | None = design.study.attack.architecture
    assert architecture is not None
    nothing = np.zeros(len(design.attack.leaves), bool)
    for name, control in architecture.controls.items():
        yield Change(
            kind="control removed" if control.in_place else "control added",
            name=name,
            title=control.title or name.replace("_", " "),
            absent=nothing,
            controls={name: not control.in_place},
        )

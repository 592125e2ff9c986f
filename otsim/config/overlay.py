"""Branches laid over one another: an extending file over its base, one value over a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from otsim.config.distributions import FAMILIES
from otsim.config.key_paths import key_path
from otsim.config.yaml_lines import Branch, Place, Step
from otsim.errors import ConfigError

__all__ = ["branch_of", "merged", "with_branch"]


def merged(base: Branch, over: Branch) -> Branch:
    """Lay one branch over another: mappings key by key, everything else is replaced.

    A distribution is replaced as a whole by one of another family, since no two can be joined.
    """
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    if _other_family(base.value, over.value):
        return over
    value = dict(base.value)
    for key, child in over.value.items():
        value[key] = merged(value[key], child) if key in value else child
    return Branch(value, over.place, over.key_place)


def with_branch(root: Branch, steps: Sequence[Step], new: Branch) -> Branch:
    """Put one branch at the end of a path, making the mappings that are missing on the way.

    Raises:
        ConfigError: the path leads to an item that its list does not have.
    """
    return _with_branch(root, steps, new, walked=())


def branch_of(data: Any, place: Place) -> Branch:
    """Turn plain data into branches that all stand at one place."""
    if isinstance(data, dict):
        return Branch({key: branch_of(child, place) for key, child in data.items()}, place, place)
    if isinstance(data, list | tuple):
        return Branch([branch_of(child, place) for child in data], place, place)
    return Branch(data, place, place)


def _with_branch(
    branch: Branch, steps: Sequence[Step], new: Branch, walked: tuple[Step, ...]
) -> Branch:
    if not steps:
        return new
    step = steps[0]
    here = (*walked, step)
    if isinstance(branch.value, list):
        index = _index(branch, step, walked, new.place)
        items = list(branch.value)
        items[index] = _with_branch(items[index], steps[1:], new, here)
        return replace(branch, value=items)
    if isinstance(step, int):
        raise ConfigError(f"{new.place}: {key_path(walked)} is not a list; remove [{step}]")
    if not isinstance(branch.value, dict) or _other_family(branch.value, {step: new}):
        branch = Branch({}, new.place, branch.key_place)
    child = branch.value.get(step, Branch(None, new.place, new.place))
    value = {**branch.value, step: _with_branch(child, steps[1:], new, here)}
    return replace(branch, value=value)


def _index(branch: Branch, step: Step, walked: tuple[Step, ...], place: Place) -> int:
    count = len(branch.value)
    index = int(step) if isinstance(step, int) or step.isdecimal() else -1
    if 0 <= index < count:
        return index
    message = f"{key_path(walked)} is a list of {count}; name an item by its number, from [0]"
    raise ConfigError(f"{place}: {message}")


def _other_family(base: dict[str, Branch], over: dict[str, Branch]) -> bool:
    """Whether a distribution, which has one key, is laid over by something else."""
    return len(base) == 1 and next(iter(base)) in FAMILIES and base.keys() != over.keys()

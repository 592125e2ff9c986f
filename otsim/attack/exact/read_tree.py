"""A tree file, or a reference case of kind `tree` -> a tree with its numbers, checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from otsim.attack.exact.case_format import CaseModel, case_shape, case_tree
from otsim.attack.exact.measured_tree import MeasuredTree, measured
from otsim.config.attack_tree import AttackTree, Skill
from otsim.config.problems import Problem, fault_lines
from otsim.config.tree_shape import problems
from otsim.config.validation_problems import validation_problems
from otsim.config.yaml_lines import Branch, plain, read_yaml
from otsim.errors import ConfigError

__all__ = ["read_tree"]

_CASE_KEYS = ("schema", "model")
_Model = TypeVar("_Model", bound=BaseModel)


def read_tree(path: str | Path, *, skill: Skill = "intermediate") -> MeasuredTree:
    """Read a tree: YAML as studies use it, or JSON as the reference cases are written.

    Times of the YAML form come out in hours.

    Args:
        path: the file; `-` is standard input.
        skill: whose probability is taken at leaves that give one for each skill.

    Raises:
        ConfigError: every fault of the file, a line `file:line:col: where: what; what to do` each.
    """
    root = read_yaml(path)
    if any(key in root.value for key in _CASE_KEYS):
        return _case(root)
    if "attack" in root.value:
        place = root.value["attack"].key_place or root.place
        raise ConfigError(f"{place}: this is a study; give the file of its tree (attack.tree)")
    tree = _validated(root, AttackTree, plain(root))
    _refuse(root, problems(tree))
    return measured(tree, skill=skill)


def _case(root: Branch) -> MeasuredTree:
    kind = root.value.get("kind")
    if kind is not None and kind.value != "tree":
        raise ConfigError(f"{kind.place}: kind: is {kind.value!r}, but must be 'tree' here")
    if "model" not in root.value:
        raise ConfigError(f"{root.place}: model: needed, but missing; add it (root and nodes)")
    inside = root.value["model"]
    model = _validated(inside, CaseModel, plain(inside))
    if model.root not in model.nodes:
        _refuse(inside, [(("root",), f"no node is named {model.root!r}; add it under nodes")])
    shape = _validated(inside, AttackTree, case_shape(model))
    _refuse(inside, problems(shape))
    return case_tree(model, shape)


def _validated(root: Branch, model: type[_Model], data: Any) -> _Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = validation_problems(root, error, model.model_json_schema())
    raise ConfigError(*fault_lines(root, found))


def _refuse(root: Branch, found: Sequence[Problem]) -> None:
    if found:
        raise ConfigError(*fault_lines(root, found))

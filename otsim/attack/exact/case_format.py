"""Trees in the JSON format of reference cases (`attack-risk-case/1`, kind `tree`)."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from otsim.attack.exact.measured_tree import Duration, MeasuredTree, Race
from otsim.config.attack_tree import AttackTree
from otsim.config.distributions import FixedNumber, NonNegativeDistribution

__all__ = ["CaseDistribution", "CaseModel", "case_shape", "case_tree", "written"]

_NAMES = {"deterministic": "fixed"}


def written(given: Any) -> Any:
    """Write a case's distribution as studies do: `{"family": "x", ...}` as `{"x": {...}}`."""
    if not isinstance(given, dict) or not isinstance(given.get("family"), str):
        return _number(given)
    rest = {key: _number(value) for key, value in given.items() if key != "family"}
    family = _NAMES.get(given["family"], given["family"])
    if family == "fixed":
        return {family: rest.get("value")}
    if family == "sum":
        terms = given.get("terms")
        return {family: [written(term) for term in terms] if isinstance(terms, list) else terms}
    return {family: rest}


def _number(given: Any) -> Any:
    """Return decimal text and whole numbers as floats, anything else as it is."""
    if isinstance(given, list):
        return [_number(each) for each in given]
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return given
    try:
        return float(given)
    except ValueError:
        return given


def _exact(given: Any) -> Any:
    """Return a number, or a number as text, as the decimal that was written."""
    if isinstance(given, Fraction):
        return given
    if not isinstance(given, bool) and isinstance(given, int | float | str):
        try:
            value = Fraction(str(given))
        except (ValueError, ZeroDivisionError):
            value = Fraction(-1)
        if value >= 0:
            return value
    raise PydanticCustomError("exact_number", "need a number that is not negative")


def _chance(value: Fraction) -> Fraction:
    if value <= 1:
        return value
    raise PydanticCustomError("chance", "must be at most 1")


Exact = Annotated[Any, BeforeValidator(_exact)]
CaseDistribution = Annotated[NonNegativeDistribution, BeforeValidator(written)]


class CaseNode(BaseModel):
    """One node; what is not named here is a label."""

    model_config = ConfigDict(extra="allow")

    gate: str = "LEAF"
    children: list[str] = []
    k: int | None = Field(None, ge=1)
    prob: Annotated[Exact, AfterValidator(_chance)] = Fraction(1)
    cost: Exact = Fraction(0)
    damage: Exact = Fraction(0)
    time: Exact | None = None
    dist: CaseDistribution | None = None


class CaseRace(BaseModel):
    """A competing clock."""

    against: CaseDistribution
    starts: str = "time 0"
    win: str | None = None


class CaseModel(BaseModel):
    """The `model` of a case of kind `tree`."""

    root: str
    nodes: dict[str, CaseNode] = Field(min_length=1)
    race: CaseRace | None = None


def case_shape(model: CaseModel) -> dict[str, Any]:
    """Return gates and children as tree files write them; a node below nothing is a root too."""
    below = {child for node in model.nodes.values() for child in node.children}
    others = [name for name in model.nodes if name not in below and name != model.root]
    nodes = {name: _shape_of(node) for name, node in model.nodes.items()}
    return {"roots": [model.root, *others], "nodes": nodes}


def case_tree(model: CaseModel, shape: AttackTree) -> MeasuredTree:
    """Return the tree of a case.

    Args:
        model: the case's model.
        shape: made of what `case_shape` returns, and sound.
    """
    nodes = model.nodes
    leaves = {name: node for name, node in nodes.items() if node.gate == "LEAF"}
    time = {name: _time(node) for name, node in leaves.items()}
    return MeasuredTree(
        shape=shape,
        chance={name: node.prob for name, node in leaves.items()},
        time={name: given for name, given in time.items() if given is not None},
        cost={name: node.cost for name, node in leaves.items() if "cost" in node.model_fields_set},
        damage={
            name: node.damage for name, node in nodes.items() if "damage" in node.model_fields_set
        },
        labels={name: node.model_extra or {} for name, node in leaves.items()},
        race=None if model.race is None else _race(model.race, tuple(nodes)),
    )


def _shape_of(node: CaseNode) -> dict[str, Any]:
    shape: dict[str, Any] = {"gate": node.gate, "children": node.children}
    return shape if node.k is None else shape | {"k": node.k}


def _time(node: CaseNode) -> Duration | None:
    if node.dist is not None:
        return Duration(distribution=node.dist)
    return None if node.time is None else Duration(distribution=FixedNumber(float(node.time)))


def _race(given: CaseRace, nodes: tuple[str, ...]) -> Race:
    """Read from the words of a case when the clock starts: at time 0, or with or after a node."""
    words = given.starts.lower()
    named = [name for name in nodes if re.search(rf"\b{re.escape(name.lower())}\b", words)]
    clock = Duration(distribution=given.against)
    if len(named) != 1 or re.search(r"\btime (0|zero)\b|\bthe (start|beginning)\b$", words):
        return Race(clock=clock)
    completed = re.search(r"complet|finish|end|succe|after|done|fall", words) is not None
    return Race(clock=clock, node=named[0], completed=completed)

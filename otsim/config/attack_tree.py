"""Attack trees as files write them: nodes by name, each with a gate over its children."""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from otsim.config.distribution_parameters import Frozen, Real
from otsim.config.distributions import FixedNumber, NonNegativeDistribution

__all__ = ["GATES", "SKILLS", "AttackTree", "Detection", "Node", "Probability", "Skill"]

Skill = Literal["novice", "beginner", "intermediate", "expert"]
SKILLS: tuple[Skill, ...] = ("novice", "beginner", "intermediate", "expert")
GATES = ("OR", "AND", "SAND", "VOTE", "COUNTER", "LEAF")
Gate = Literal["OR", "AND", "SAND", "VOTE", "COUNTER", "LEAF"]

Probability = Annotated[Real, Field(ge=0, le=1)]


def _known_gate(value: Any) -> Any:
    if value in GATES:
        return value
    near = difflib.get_close_matches(str(value).upper(), GATES, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(GATES)}"
    raise PydanticCustomError(
        "unknown_gate", "unknown gate {gate} ({hint})", {"gate": repr(value), "hint": hint}
    )


def _printable(value: str) -> str:
    if value.isprintable() and value.strip():
        return value
    raise PydanticCustomError("node_name", "a node's name needs printable characters")


class SkillProbabilities(Frozen):
    """A probability for each skill of the attacker."""

    novice: Probability = Field(description="Probability for a novice, 0 to 1.")
    beginner: Probability = Field(description="Probability for a beginner, 0 to 1.")
    intermediate: Probability = Field(description="Probability for a criminal crew, 0 to 1.")
    expert: Probability = Field(description="Probability for a state team, 0 to 1.")


LeafProbability = Annotated[
    Annotated[Probability, Tag("number")] | Annotated[SkillProbabilities, Tag("by_skill")],
    Discriminator(lambda value: "by_skill" if isinstance(value, dict | BaseModel) else "number"),
]


class Detection(Frozen):
    """How the defenders may notice an attempt at a step."""

    probability: Probability = Field(description="Chance that an attempt is noticed, 0 to 1.")
    delay_h: NonNegativeDistribution = Field(
        FixedNumber(0.0),
        description="Hours from the start of the step until it is noticed; default 0.",
    )
    source: str | None = Field(None, description="Where the numbers come from.")


class Node(Frozen):
    """One node: a gate over other nodes, or a leaf, which is one attack step."""

    gate: Annotated[Gate, BeforeValidator(_known_gate)] = Field(
        "LEAF",
        description="OR (first child to fall), AND (all, in parallel), SAND (all, in order), "
        "VOTE (k of them), COUNTER (first child unless the second one, a countermeasure, "
        "succeeds), LEAF (an attack step). Default LEAF.",
    )
    title: str | None = Field(None, description="What it is, in words.")
    source: str | None = Field(None, description="Where the numbers come from.")
    children: list[str] = Field([], description="Names of the children; a node may have parents.")
    k: int | None = Field(None, ge=1, strict=True, description="VOTE: how many children must fall.")
    probability: LeafProbability = Field(
        1.0,
        description="LEAF: chance that the step exists in a sampled world, 0 to 1, "
        "or one for each skill. Default 1.",
    )
    time_h: NonNegativeDistribution | None = Field(
        None, description="LEAF: time to compromise, hours. Default 0."
    )
    time_d: NonNegativeDistribution | None = Field(
        None, description="LEAF: time to compromise, days, in place of time_h."
    )
    detection: Detection | None = Field(None, description="LEAF: how an attempt may be noticed.")
    technique: Annotated[str, Field(pattern=r"^T\d{4}(\.\d{3})?$")] | None = Field(
        None, description="LEAF: ATT&CK technique id, such as T0866."
    )
    entry: bool = Field(False, strict=True, description="LEAF: a way in. Default false.")


class AttackTree(Frozen):
    """A tree, or an acyclic graph, of attack steps; a node with several parents is one node.

    The shape is not checked here: call `otsim.config.tree_shape.problems`, which finds every fault
    with its place, so that one reading of the file reports them all.
    """

    title: str | None = Field(None, description="What the tree is about.")
    description: str | None = Field(None, description="Prose for the report.")
    roots: list[str] | None = Field(
        None, description="Nodes below which all others stand. Default: those without a parent."
    )
    nodes: dict[Annotated[str, BeforeValidator(_printable)], Node] = Field(
        min_length=1, description="The nodes by name."
    )

    @property
    def root_names(self) -> tuple[str, ...]:
        """The stated roots, or else the nodes without a parent."""
        if self.roots is not None:
            return tuple(self.roots)
        named = {child for node in self.nodes.values() for child in node.children}
        return tuple(name for name in self.nodes if name not in named)

    @property
    def entry_names(self) -> tuple[str, ...]:
        """The leaves that are a way in, in the order of the file."""
        return tuple(name for name, node in self.nodes.items() if node.entry)

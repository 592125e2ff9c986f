"""The attack block of a study: the tree, and what each goal does to the plant."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from otsim.config.architecture.architecture import Architecture
from otsim.config.attack_tree import AttackTree
from otsim.config.distribution_parameters import Frozen, Positive
from otsim.config.distributions import Distribution, FixedNumber, NonNegativeDistribution
from otsim.config.field_types import Name, Source

__all__ = ["ACTION_KINDS", "Action", "ActionKind", "Attack", "Goal", "View"]

ActionKind = Literal[
    "bias",
    "scale",
    "override",
    "ramp",
    "hold",
    "replay",
    "rate_limit",
    "setpoint",
    "gain",
    "dos",
    "alarm_suppression",
    "safety_bypass",
]
ACTION_KINDS: tuple[ActionKind, ...] = get_args(ActionKind)
View = Literal["controller", "operator", "safety"]
_RECORD_MIN = 30.0


class Action(Frozen):
    """What the attacker does to one point of the plant."""

    kind: ActionKind = Field(
        description="bias (adds value), scale (times value), override (is value), ramp (adds "
        "value per hour), hold (last value before), replay (a loop of what was recorded before), "
        "rate_limit (moves by at most value per minute), setpoint (is value), gain (controller "
        "gain times value), dos (hold of a signal or of a whole link), alarm_suppression, "
        "safety_bypass."
    )
    target: str = Field(
        description="The point: a measurement XMEAS1.., a command XMV1.., a set-point SP1.., a "
        "loop LOOP1.., a link, ALARMS, SIS or one trip; `otsim plants` lists them."
    )
    value: Distribution | None = Field(
        None,
        description="Size, in the unit of the target (scale, gain: a factor; ramp: unit per "
        "hour; rate_limit: unit per minute). A number, or a distribution sampled per campaign.",
    )
    record_min: Positive | None = Field(
        None, description="replay: minutes recorded before the action starts. Default 30."
    )
    delay_min: NonNegativeDistribution = Field(
        FixedNumber(0.0), description="Minutes from the goal time to the start. Default 0."
    )
    duration_min: NonNegativeDistribution | None = Field(
        None, description="Minutes that it lasts. Default: to the end of the twin."
    )
    views: tuple[View, ...] = Field(
        ("controller", "operator"),
        min_length=1,
        description="Who sees the changed measurement: controller, operator, safety. A command "
        "is changed on its way to the actuator. Default [controller, operator].",
    )
    source: Source = None

    @model_validator(mode="before")
    @classmethod
    def _recording(cls, given: Any) -> Any:
        replay = isinstance(given, dict) and given.get("kind") == "replay"
        if replay and given.get("record_min") is None:
            return {**given, "record_min": _RECORD_MIN}
        return given


class Goal(Frozen):
    """What an attacker wants of the plant, what it takes, and what they then do."""

    title: str | None = Field(None, description="What it is, in words.")
    description: str | None = Field(None, description="Prose for the report.")
    needs: tuple[str, ...] = Field(
        (),
        description="Nodes of the tree or graph; all must fall, the last one sets the goal time. "
        "Default: what the architecture's goal of this name takes.",
    )
    actions: tuple[Action, ...] = Field(min_length=1, description="What they do to the plant.")
    source: Source = None


class Attack(Frozen):
    """The way in, and what is done there."""

    tree: AttackTree | None = Field(
        None,
        description="The attack tree: {nodes: ...}, or a file that holds it, relative to this one. "
        "Beside an architecture it may name nodes of that one's graph. Default: none.",
    )
    architecture: Architecture | None = Field(
        None,
        description="The plant's network, or a file that holds it, relative to this one: its "
        "attack graph is found by otsim. Default: none.",
    )
    goals: dict[Name, Goal] = Field(min_length=1, description="The goals by name.")

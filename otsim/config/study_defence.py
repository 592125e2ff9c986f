"""The defence block of a study: who answers a detected campaign, and what operators do."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from otsim.config.attack_tree import Probability
from otsim.config.distribution_parameters import Frozen
from otsim.config.distributions import NonNegativeDistribution
from otsim.config.field_types import NonNegative, Source

__all__ = ["Defence", "Operators", "Response"]


class Response(Frozen):
    """Incident response: a clock that starts at the first detection of the campaign."""

    probability: Probability = Field(
        1.0, description="Chance that a detection is acted upon, 0 to 1. Default 1."
    )
    delay_h: NonNegativeDistribution = Field(
        description="Hours from the first detection until the response is complete."
    )
    action: Literal["isolate", "restore", "shut_down"] = Field(
        description="What the response does to a campaign that already acts on the plant. "
        "isolate: cut the attacker off, plant actions end. restore: the same and controllers are "
        "reloaded. shut_down: the plant is taken down in an orderly way."
    )
    cost: NonNegative = Field(0.0, description="Cost of one response, currency. Default 0.")
    source: Source = None


class Operators(Frozen):
    """Control-room operators: they see alarms in their own view and shut down."""

    reaction_min: NonNegativeDistribution = Field(
        description="Minutes from the first alarm in the operator's view to the shutdown."
    )
    probability: Probability = Field(1.0, description="Chance that they act. Default 1.")
    source: Source = None


class Defence(Frozen):
    """What stands against the campaign, beyond the detections written in the tree."""

    response: Response | None = Field(None, description="Incident response. Default: none.")
    discovery_d: NonNegativeDistribution | None = Field(
        None,
        description="Days from the first way in until the intrusion is discovered, whatever "
        "detectors see. Default: never; with an architecture, a lognormal with median 10 and 95 % "
        "below 440 (Mandiant, M-Trends 2024 for the median; M-Trends 2022 for the spread).",
    )
    operators: Operators | None = Field(None, description="Operators. Default: they do not act.")

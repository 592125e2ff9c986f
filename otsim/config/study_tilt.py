"""How draws are tilted to the worst losses: the block that importance sampling fills in."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from otsim.config.distribution_parameters import Frozen

__all__ = ["Tilt", "TiltedComponent"]

_SUM_ROUNDING = 1e-6
_CLOSEST = 1e-6

Chance = Annotated[float, Field(ge=1e-6, le=1.0 - 1e-6, allow_inf_nan=False)]
Mass = Annotated[float, Field(ge=1e-6, le=1.0, allow_inf_nan=False)]


class TiltedComponent(Frozen):
    """One way to draw; every twin is drawn in one of these ways."""

    name: str = Field(description="What it is tilted to: a goal, or nominal.")
    share: Mass = Field(description="Part of the twins that are drawn this way.")
    masses: dict[str, tuple[Mass, ...]] = Field(
        {},
        description="By the name of a draw, the chance of each of its bins. Draws that are not "
        "named are as the study has them.",
    )


class Tilt(Frozen):
    """A mixture of ways to draw; `otsim run` fills it in from pilot runs and stores it."""

    bins: dict[str, tuple[Chance, ...]] = Field(
        description="By the name of a draw, where its uniform number is cut into bins, ascending."
    )
    breach_ratio: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = Field(
        1.0,
        description="Where breaches are counted: chance that a tilted attempt breaches over that "
        "of a plain one. Default 1.",
    )
    components: tuple[TiltedComponent, ...] = Field(
        min_length=1, description="The ways to draw. One with no masses keeps all weights bounded."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name, cuts in self.bins.items():
            if any(after - before < _CLOSEST for before, after in pairwise(cuts)):
                raise ValueError(f"bins.{name}: cuts must ascend, by {_CLOSEST} or more")
        if abs(sum(each.share for each in self.components) - 1.0) > _SUM_ROUNDING:
            raise ValueError("components: the shares must add up to 1")
        if all(each.masses for each in self.components):
            raise ValueError("components: one must have no masses, or weights have no bound")
        for each in self.components:
            for name, masses in each.masses.items():
                if len(masses) != len(self.bins.get(name, ())) + 1:
                    raise ValueError(f"components.{each.name}: {name}: need one mass for each bin")
                if abs(sum(masses) - 1.0) > _SUM_ROUNDING:
                    raise ValueError(f"components.{each.name}: {name}: masses must add up to 1")
        return self

"""The parameters of each distribution family, and the checks on them."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

NORMAL_P95 = 1.6448536269514722  # 95 % quantile of the standard normal

Real = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]


class Frozen(BaseModel):
    """Refuses unknown keys and changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExponentialParameters(Frozen):
    """Exponential distribution, by its mean or by its rate."""

    mean: Positive | None = Field(None, description="Expected value.")
    rate: Positive | None = Field(None, description="Events per unit; 1 / mean.")

    @model_validator(mode="after")
    def _one_way(self) -> ExponentialParameters:
        _one_of(self, ("mean",), ("rate",))
        return self


class GammaParameters(Frozen):
    """Gamma distribution, by shape and scale or by mean and coefficient of variation."""

    shape: Positive | None = Field(None, description="Shape, no unit.")
    scale: Positive | None = Field(None, description="Scale; mean = shape * scale.")
    mean: Positive | None = Field(None, description="Expected value.")
    cv: Positive | None = Field(None, description="Standard deviation / mean.")

    @model_validator(mode="after")
    def _one_way(self) -> GammaParameters:
        _one_of(self, ("shape", "scale"), ("mean", "cv"))
        return self

    @property
    def shape_scale(self) -> tuple[float, float]:
        """Shape and scale, whichever way they were given."""
        if self.shape is not None and self.scale is not None:
            return self.shape, self.scale
        assert self.mean is not None
        assert self.cv is not None
        return self.cv**-2, self.mean * self.cv**2


class WeibullParameters(Frozen):
    """Weibull distribution: P(X > x) = exp(-(x / scale)**shape)."""

    shape: Positive = Field(description="Shape, no unit.")
    scale: Positive = Field(description="The 63.2 % quantile.")


class LognormalParameters(Frozen):
    """Lognormal distribution, by median and 95 % quantile or by mu and sigma of the logarithm."""

    median: Positive | None = Field(None, description="The 50 % quantile.")
    p95: Positive | None = Field(None, description="The 95 % quantile, above the median.")
    mu: Real | None = Field(None, description="Mean of the natural logarithm.")
    sigma: Positive | None = Field(None, description="Standard deviation of the logarithm.")

    @model_validator(mode="after")
    def _one_way(self) -> LognormalParameters:
        _one_of(self, ("median", "p95"), ("mu", "sigma"))
        if self.median is not None and self.p95 is not None:
            _ordered(self, "median", "p95", strict=True)
        return self

    @property
    def mu_sigma(self) -> tuple[float, float]:
        """Mean and standard deviation of the logarithm, whichever way they were given."""
        if self.median is not None and self.p95 is not None:
            return math.log(self.median), math.log(self.p95 / self.median) / NORMAL_P95
        assert self.mu is not None
        assert self.sigma is not None
        return self.mu, self.sigma


class ThreePoints(Frozen):
    """Lowest, most likely and highest value."""

    low: Real = Field(description="Lowest value.")
    mode: Real = Field(description="Most likely value.")
    high: Real = Field(description="Highest value.")

    @model_validator(mode="after")
    def _in_order(self) -> ThreePoints:
        _ordered(self, "low", "mode")
        _ordered(self, "mode", "high")
        _ordered(self, "low", "high", strict=True)
        return self


class Range(Frozen):
    """Lowest and highest value."""

    low: Real = Field(description="Lowest value.")
    high: Real = Field(description="Highest value.")

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        _ordered(self, "low", "high", strict=True)
        return self


class DiscreteParameters(Frozen):
    """A few values with their probabilities."""

    values: list[Real] = Field(min_length=1, description="The values.")
    probs: list[Annotated[Real, Field(ge=0, le=1)]] = Field(
        min_length=1, description="Their probabilities; they add up to 1."
    )

    @model_validator(mode="after")
    def _pairs(self) -> DiscreteParameters:
        if len(self.values) != len(self.probs):
            raise PydanticCustomError(
                "discrete_lengths",
                "{values} values but {probs} probs; give one probability for each value",
                {"values": len(self.values), "probs": len(self.probs)},
            )
        total = math.fsum(self.probs)
        if abs(total - 1.0) > 1e-6:
            raise PydanticCustomError(
                "discrete_total", "probs add up to {total}, not to 1", {"total": f"{total:.7g}"}
            )
        return self


def _one_of(given: BaseModel, *ways: tuple[str, ...]) -> None:
    """Refuse anything but exactly one of the ways to write the parameters."""
    if {name for name, value in given if value is not None} in [set(way) for way in ways]:
        return
    wanted = " or ".join(" and ".join(way) for way in ways)
    raise PydanticCustomError("one_way", "give {wanted}, nothing else", {"wanted": wanted})


def _ordered(given: BaseModel, lower: str, upper: str, *, strict: bool = False) -> None:
    low, high = getattr(given, lower), getattr(given, upper)
    if low < high or (low == high and not strict):
        return
    raise PydanticCustomError(
        "not_ordered",
        "{lower} ({low}) must {relation} {upper} ({high})",
        {
            "lower": lower,
            "upper": upper,
            "low": f"{low:g}",
            "high": f"{high:g}",
            "relation": "be below" if strict else "not exceed",
        },
    )

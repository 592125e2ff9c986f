"""Probability distributions as studies write them: a number, or a mapping with one key."""

from __future__ import annotations

import difflib
import math
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
)
from pydantic_core import PydanticCustomError

from otsim.config.distribution_parameters import (
    DiscreteParameters,
    ExponentialParameters,
    Frozen,
    GammaParameters,
    LognormalParameters,
    Range,
    Real,
    ThreePoints,
    WeibullParameters,
)

__all__ = ["Distribution", "DistributionBase", "FixedNumber", "NonNegativeDistribution"]

PERT_SHAPE = 4.0
LARGEST_MEAN = 1e30


class DistributionBase:
    """What every distribution offers, in the unit of the key that it stands under."""

    @property
    def mean(self) -> float:
        """The expected value."""
        raise NotImplementedError

    @property
    def lowest(self) -> float:
        """The lower end of the support; 0 for the families of positive numbers."""
        return 0.0

    @property
    def highest(self) -> float:
        """The upper end of the support; inf for those without one."""
        return math.inf


class FixedNumber(RootModel[Real], DistributionBase):
    """A plain number: always this value."""

    model_config = ConfigDict(frozen=True)

    @property
    def mean(self) -> float:
        """The number itself."""
        return self.root

    @property
    def lowest(self) -> float:
        """The number itself."""
        return self.root

    @property
    def highest(self) -> float:
        """The number itself."""
        return self.root


class Exponential(Frozen, DistributionBase):
    """Memoryless waiting time."""

    exponential: ExponentialParameters

    @property
    def mean(self) -> float:
        """The mean."""
        given = self.exponential
        return given.mean if given.mean is not None else 1.0 / (given.rate or math.nan)


class Gamma(Frozen, DistributionBase):
    """Sum of waiting times, in steps that need not be whole."""

    gamma: GammaParameters

    @property
    def mean(self) -> float:
        """Shape times scale."""
        return math.prod(self.gamma.shape_scale)


class Weibull(Frozen, DistributionBase):
    """Waiting time whose hazard rises (shape > 1) or falls (shape < 1)."""

    weibull: WeibullParameters

    @property
    def mean(self) -> float:
        """Scale times Gamma(1 + 1 / shape)."""
        return self.weibull.scale * math.gamma(1.0 + 1.0 / self.weibull.shape)


class Lognormal(Frozen, DistributionBase):
    """Positive number whose logarithm is normal."""

    lognormal: LognormalParameters

    @property
    def mean(self) -> float:
        """exp(mu + sigma**2 / 2): well above the median when the tail is long."""
        mu, sigma = self.lognormal.mu_sigma
        return math.exp(mu + sigma**2 / 2.0)


class Pert(Frozen, DistributionBase):
    """Three-point estimate, smooth (PERT with shape 4)."""

    pert: ThreePoints

    @property
    def mean(self) -> float:
        """(low + 4 mode + high) / 6."""
        given = self.pert
        return (given.low + PERT_SHAPE * given.mode + given.high) / (PERT_SHAPE + 2.0)

    @property
    def lowest(self) -> float:
        """The low end."""
        return self.pert.low

    @property
    def highest(self) -> float:
        """The high end."""
        return self.pert.high


class Triangular(Frozen, DistributionBase):
    """Three-point estimate with straight sides."""

    triangular: ThreePoints

    @property
    def mean(self) -> float:
        """(low + mode + high) / 3."""
        return (self.triangular.low + self.triangular.mode + self.triangular.high) / 3.0

    @property
    def lowest(self) -> float:
        """The low end."""
        return self.triangular.low

    @property
    def highest(self) -> float:
        """The high end."""
        return self.triangular.high


class Uniform(Frozen, DistributionBase):
    """Any value of a range, all alike."""

    uniform: Range

    @property
    def mean(self) -> float:
        """The middle."""
        return 0.5 * (self.uniform.low + self.uniform.high)

    @property
    def lowest(self) -> float:
        """The low end."""
        return self.uniform.low

    @property
    def highest(self) -> float:
        """The high end."""
        return self.uniform.high


class Fixed(Frozen, DistributionBase):
    """Always the same value; a plain number says the same."""

    fixed: Real

    @property
    def mean(self) -> float:
        """The value."""
        return self.fixed

    @property
    def lowest(self) -> float:
        """The value."""
        return self.fixed

    @property
    def highest(self) -> float:
        """The value."""
        return self.fixed


class Discrete(Frozen, DistributionBase):
    """One of a few values."""

    discrete: DiscreteParameters

    @property
    def mean(self) -> float:
        """Values weighted by their probabilities."""
        pairs = zip(self.discrete.values, self.discrete.probs, strict=True)
        return math.fsum(value * prob for value, prob in pairs)

    @property
    def lowest(self) -> float:
        """The smallest value."""
        return min(self.discrete.values)

    @property
    def highest(self) -> float:
        """The largest value."""
        return max(self.discrete.values)


class Sum(Frozen, DistributionBase):
    """Sum of independent terms, one draw each."""

    sum: list[Distribution] = Field(min_length=1, description="The terms.")

    @property
    def mean(self) -> float:
        """Sum of the means."""
        return math.fsum(term.mean for term in self.sum)

    @property
    def lowest(self) -> float:
        """Sum of the low ends."""
        return math.fsum(term.lowest for term in self.sum)

    @property
    def highest(self) -> float:
        """Sum of the high ends."""
        return math.fsum(term.highest for term in self.sum)


_FORMS = (
    Exponential,
    Gamma,
    Weibull,
    Lognormal,
    Pert,
    Triangular,
    Uniform,
    Fixed,
    Discrete,
    Sum,
)
FAMILIES = tuple(form.__name__.lower() for form in _FORMS)


def _known_form(value: Any) -> Any:
    """Refuse what is neither a number nor a mapping with the name of one family."""
    if isinstance(value, DistributionBase) or _is_number(value):
        return value
    if not isinstance(value, dict) or len(value) != 1:
        raise PydanticCustomError(
            "distribution_form",
            "need a number or a mapping with one key, one of {families}",
            {"families": ", ".join(FAMILIES)},
        )
    name = next(iter(value))
    if name not in FAMILIES:
        near = difflib.get_close_matches(str(name), FAMILIES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(FAMILIES)}"
        raise PydanticCustomError(
            "distribution_family",
            "unknown distribution {name} ({hint})",
            {"name": repr(name), "hint": hint},
        )
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tag(value: Any) -> str:
    if isinstance(value, DistributionBase):
        return "number" if isinstance(value, FixedNumber) else type(value).__name__.lower()
    return "number" if _is_number(value) else str(next(iter(value)))


def _finite_mean(value: Any) -> Any:
    """Refuse parameters that no number can follow, before anything computes with them."""
    try:
        mean = value.mean
    except (OverflowError, ZeroDivisionError):
        mean = math.inf
    if abs(mean) <= LARGEST_MEAN:
        return value
    raise PydanticCustomError(
        "distribution_size", "has a mean beyond {most}; check its parameters", {"most": "1e30"}
    )


Distribution = Annotated[
    Annotated[FixedNumber, Tag("number")]
    | Annotated[Exponential, Tag("exponential")]
    | Annotated[Gamma, Tag("gamma")]
    | Annotated[Weibull, Tag("weibull")]
    | Annotated[Lognormal, Tag("lognormal")]
    | Annotated[Pert, Tag("pert")]
    | Annotated[Triangular, Tag("triangular")]
    | Annotated[Uniform, Tag("uniform")]
    | Annotated[Fixed, Tag("fixed")]
    | Annotated[Discrete, Tag("discrete")]
    | Annotated[Sum, Tag("sum")],
    Discriminator(_tag),
    BeforeValidator(_known_form),
    AfterValidator(_finite_mean),
]
"""Any distribution of a real number. Locations of errors hold the family's name twice."""

Sum.model_rebuild()


def _non_negative(value: Any) -> Any:
    if value.lowest < 0:
        raise PydanticCustomError(
            "negative_distribution",
            "may be negative (down to {lowest}), but must not be below 0",
            {"lowest": f"{value.lowest:g}"},
        )
    return value


NonNegativeDistribution = Annotated[Distribution, AfterValidator(_non_negative)]
"""A distribution of times, costs and other numbers that cannot be below 0."""

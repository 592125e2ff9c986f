"""The loss block of a study: what downtime, bad product and damage cost."""

from __future__ import annotations

from math import log
from statistics import NormalDist
from typing import Annotated, Literal

from pydantic import Field

from otsim.config.distribution_parameters import Frozen, Positive
from otsim.config.distributions import FixedNumber, NonNegativeDistribution
from otsim.config.field_types import Name, NonNegative, Source, Whole
from otsim.config.study_water import WaterPrices

__all__ = ["Destroyed", "Fragility", "Loss"]


class Destroyed(Frozen):
    """What a destroyed plant costs on top of its value."""

    repair_h: NonNegativeDistribution = Field(
        FixedNumber(17520.0),
        description="Hours until production is back. Default 17520 (two years; an assumption).",
    )
    environment_cost: NonNegativeDistribution = Field(
        FixedNumber(0.0), description="Clean-up and penalties, currency. Default 0."
    )
    safety_cost: NonNegativeDistribution = Field(
        FixedNumber(0.0), description="Harm to people, currency. Default 0."
    )
    source: Source = None


class Fragility(Frozen):
    """Chance of one kind of damage, given the extreme that a signal reached."""

    signal: str = Field(
        description="The signal, such as XMEAS7; in a water network a damage column, such as "
        "pump_dry_h."
    )
    extreme: Literal["peak", "low"] = Field(
        "peak", description="Which extreme of the true signal counts. Default peak."
    )
    median: Positive = Field(
        description="Value at which damage is as likely as not, in the signal's unit."
    )
    sigma: Positive = Field(
        description="Standard deviation of the natural logarithm of the damaging value."
    )
    category: Literal["equipment", "environment", "safety"] = Field(
        "equipment", description="Loss category of the repair cost. Default equipment."
    )
    repair_cost: NonNegativeDistribution = Field(description="Cost of the damage, currency.")
    repair_h: NonNegativeDistribution = Field(
        FixedNumber(0.0), description="Hours of repair, added to the downtime. Default 0."
    )
    source: Source = None

    def damage_probability(self, value: float) -> float:
        """Return the chance of damage when the signal's extreme is `value`.

        Peak: Phi(ln(value / median) / sigma), 0 for values that are not positive; low: the chance
        to lie above the value, 1 for values that are not positive.
        """
        if value <= 0.0:
            return 0.0 if self.extreme == "peak" else 1.0
        above = NormalDist().cdf((log(value) - log(self.median)) / self.sigma)
        return above if self.extreme == "peak" else 1.0 - above


class Loss(Frozen):
    """What things cost, in one currency at the prices of one year."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field(
        description="ISO 4217 code such as EUR; all money in the study is in it."
    )
    price_year: Annotated[Whole, Field(ge=1950, le=2200)] = Field(
        description="Year whose prices all money is in."
    )
    plant_value: Positive = Field(
        description="Value of the plant, currency: the most that one campaign can cost."
    )
    margin_per_hour: NonNegative | None = Field(
        None,
        description="Contribution margin lost in an hour of downtime, currency. Needed for every "
        "plant but water_network.",
    )
    restart_h: NonNegativeDistribution | None = Field(
        None,
        description="Hours from a trip or a shutdown to full production. Needed for every plant "
        "but water_network.",
    )
    offspec_product_per_m3: NonNegative = Field(
        0.0, description="Value lost per m3 of product out of specification, currency. Default 0."
    )
    water: WaterPrices | None = Field(
        None, description="water_network: what unmet demand, spills and energy cost."
    )
    destroyed: Destroyed = Field(
        Destroyed(),
        description="What a destroyed plant adds; the equipment loss is then the plant value.",
    )
    fragility: dict[Name, Fragility] = Field(
        {}, description="Damage short of destruction, by name. Default none."
    )
    acknowledge_fragile_at_normal: Annotated[bool, Field(strict=True)] = Field(
        False,
        description="Accept fragilities that damage a healthy plant: above 1e-6 at normal "
        "operation or above 1e-3 at the trip limit. Default false.",
    )
    source: Source = None

"""The plant block of a study: which process, for how long, and what happens beyond its limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from otsim.config.attack_tree import Probability
from otsim.config.distribution_parameters import Frozen, LognormalParameters
from otsim.config.distributions import Lognormal, NonNegativeDistribution
from otsim.config.field_types import Source, Whole
from otsim.config.study_water import Water

__all__ = ["Disturbances", "Plant", "Rupture", "Safety"]


class Disturbances(Frozen):
    """What disturbs the plant besides the attack."""

    idv: tuple[Whole, ...] = Field(
        (),
        description="Numbers of the plant's own disturbances that are on during the whole twin. "
        "Default none.",
    )
    noise: Annotated[bool, Field(strict=True)] = Field(
        True, description="Measurement noise. Default true."
    )
    source: Source = None


class Safety(Frozen):
    """The safety trip system."""

    probability_of_failure_on_demand: Probability = Field(
        0.01,
        description="Chance that the trip system as a whole fails when it is asked, 0 to 1. "
        "Default 0.01, the border of SIL 1 and SIL 2 in low-demand mode (IEC 61508-1, table 2).",
    )
    source: Source = None


class Rupture(Frozen):
    """Pressure at which a vessel fails; each twin draws its own."""

    reactor: NonNegativeDistribution = Field(
        Lognormal(lognormal=LognormalParameters(median=6000.0, p95=7700.0)),
        description="Rupture pressure of the reactor, kPa gauge. Default lognormal with median "
        "6000, about twice the trip limit, and 95 % below 7700 (otsim's assumption).",
    )
    source: Source = None


class Plant(Frozen):
    """The process that the attack meets."""

    model: str = Field(description="Name of the plant; `otsim plants` lists them.")
    inp: str | None = Field(
        None,
        description="water_network: the EPANET file (.inp), relative to this one; in the study of "
        "a run, its text.",
    )
    water: Water | None = Field(
        None, description="water_network: who controls it, and what it owes to whom."
    )
    integration: Literal["converged", "reference"] = Field(
        "converged",
        description="converged: steps as fine as accuracy needs, for risk. reference: the public "
        "program's 1-s Euler steps, for comparison with it. Default converged.",
    )
    horizon_h: Annotated[float, Field(gt=0, le=8760, allow_inf_nan=False, strict=True)] = Field(
        48.0, description="Length of a twin, hours from the first plant action. Default 48."
    )
    disturbances: Disturbances = Field(
        Disturbances(), description="What disturbs the plant besides the attack."
    )
    safety: Safety = Field(Safety(), description="The safety trip system.")
    rupture: Rupture = Field(Rupture(), description="Pressure at which vessels fail.")

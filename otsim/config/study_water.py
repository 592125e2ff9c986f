"""What a study says of a water network beyond its EPANET file: controllers, service, customers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from otsim.config.distribution_parameters import Frozen, Positive, Real
from otsim.config.field_types import Name, NonNegative, Source

__all__ = ["AlarmLimits", "Controller", "Water", "WaterPrices"]

Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False, strict=True)]


class Controller(Frozen):
    """A PLC or RTU: what it operates, and which tanks are wired to it."""

    title: str | None = Field(None, description="What it is, in words.")
    operates: tuple[str, ...] = Field(
        (),
        description="Names of the pumps, valves and pipes whose controls and rules it runs. "
        "Default none.",
    )
    measures: tuple[str, ...] = Field(
        (),
        description="Names of the tanks whose level sensors are wired to it; other controllers "
        "read them over a link that an attack can cut, such as PLC2-PLC1. Default none.",
    )
    source: Source = None


class AlarmLimits(Frozen):
    """Levels at which operators hear an alarm."""

    low: Real | None = Field(
        None, description="Level, in the file's length unit. Default: the tank's minimum."
    )
    high: Real | None = Field(
        None, description="Level, in the file's length unit. Default: the tank's maximum."
    )


class Water(Frozen):
    """The water network: who controls it, what it owes to whom."""

    controllers: dict[Name, Controller] = Field(
        {},
        description="Who reads which tank and operates which link. Links that nobody names belong "
        "to one more controller, `control`, which reads every tank by itself. Default none.",
    )
    zones: dict[Name, tuple[str, ...]] = Field(
        {},
        description="Junctions by zone, for unmet demand by zone; those that none names are in one "
        "more, `elsewhere`. Default: one zone.",
    )
    observe: tuple[str, ...] = Field(
        (),
        max_length=50,
        description="Pressures and flows that recorded twins show, such as pressure.117 and "
        "flow.10. Default none.",
    )
    customers: NonNegative = Field(
        0.0,
        description="Customers that the network serves, spread over the junctions by their mean "
        "demand. Default 0.",
    )
    demand_model: Literal["pressure", "file"] = Field(
        "pressure",
        description="pressure: junctions get less where pressure is below required_pressure, as in "
        "EPANET's PDA; the only sensible model once tanks run empty. file: as the EPANET file "
        "says. Default pressure.",
    )
    required_pressure: Positive | None = Field(
        None,
        description="Pressure at which a junction gets all that it wants, in the file's unit; "
        "below, as the square root of its part of it. Default 20 m of water (28.4 psi), or that of "
        "the file where demand_model is file and it says PDA.",
    )
    low_pressure: Positive | None = Field(
        None,
        description="Pressure below which service counts as low, in the file's unit. Default 14 m "
        "of water (20 psi), the least in the main at fire flow (AWWA M31).",
    )
    demand_spread: NonNegative = Field(
        0.1,
        description="Coefficient of variation, over twins, of the factor on each demand pattern, "
        "lognormal with mean 1. Default 0.1 (an assumption).",
    )
    pump_efficiency: Share | None = Field(
        None,
        description="Efficiency of pumps, 0 to 1. Default: the file's global one, else 0.75.",
    )
    alarms: dict[str, AlarmLimits] = Field(
        {}, description="Alarm limits of tanks. Default: empty and full."
    )
    source: Source = None


class WaterPrices(Frozen):
    """What water not delivered, spilled or pumped in vain costs."""

    unmet_per_m3: NonNegative = Field(
        0.0, description="Cost of a m3 of demand not delivered, currency. Default 0."
    )
    outage_per_customer_h: NonNegative = Field(
        0.0,
        description="Cost of an hour without water for one customer, such as compensation or "
        "economic harm, currency. Default 0.",
    )
    low_pressure_per_h: NonNegative = Field(
        0.0,
        description="Cost of an hour of low pressure at one junction (fire cover, ingress of dirt, "
        "flushing), currency; it counts as safety. Default 0.",
    )
    spilled_per_m3: NonNegative = Field(
        0.0, description="Cost of a m3 spilled from a tank, currency. Default 0."
    )
    energy_per_kwh: NonNegative = Field(
        0.0, description="Cost of a kWh beyond the normal use of pumps, currency. Default 0."
    )
    normal_energy_kwh_per_day: NonNegative = Field(
        0.0,
        description="What the pumps use undisturbed, kWh a day; `otsim plants water_network --inp "
        "FILE` tells it. Default 0.",
    )
    source: Source = None

"""What a water utility loses: demand not delivered, water spilled, energy, fire cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from otsim.config.study import Study
from otsim.config.study_water import WaterPrices
from otsim.loss.damage import Floats, Repairs
from otsim.simulate.outcomes import Outcomes

if TYPE_CHECKING:
    from otsim_kernels.draws import DrawKey

__all__ = ["priced"]

_HOURS_A_DAY = 24.0


def priced(
    study: Study, outcomes: Outcomes, repairs: Repairs, key: DrawKey
) -> tuple[Floats, dict[str, Floats]]:
    """Price n twins of a water network, without the response.

    Business interruption is the demand not delivered within the horizon, by volume and by customer;
    product is the water spilled, and the energy beyond the normal use; safety is low pressure. The
    network goes on while pumps and pipes are repaired: downtime is the longest repair, and costs
    what `margin_per_hour` says, by default nothing.

    Returns:
        The downtime, f64[n], hours, and the losses by category.
    """
    prices, losses = study.loss.water or WaterPrices(), dict(repairs.cost)

    def column(name: str) -> Floats:
        return np.nan_to_num(outcomes.columns[name])

    downtime_h = repairs.longest_h
    normal_kwh = prices.normal_energy_kwh_per_day * np.nan_to_num(outcomes.end_h) / _HOURS_A_DAY
    extra_kwh = np.maximum(column("energy_kwh") - normal_kwh, 0.0)
    losses["business_interruption"] = (
        prices.unmet_per_m3 * column("unmet_m3")
        + prices.outage_per_customer_h * column("outage_customer_h")
        + (study.loss.margin_per_hour or 0.0) * downtime_h
    )
    losses["product"] = (
        prices.spilled_per_m3 * column("overflow_m3") + prices.energy_per_kwh * extra_kwh
    )
    losses["safety"] = losses["safety"] + prices.low_pressure_per_h * column("low_pressure_h")
    return downtime_h, losses

"""From campaigns to physical outcomes: plans, warm states, blocks of twins, recordings."""

from otsim.simulate.any_plant import (
    AnyTwins,
    baseline_outcomes,
    compile_loop,
    record_campaigns,
    simulate_campaigns,
    twin_model,
)
from otsim.simulate.outcomes import STATUSES, Outcomes
from otsim.simulate.twins import TwinModel

__all__ = [
    "STATUSES",
    "AnyTwins",
    "Outcomes",
    "TwinModel",
    "baseline_outcomes",
    "compile_loop",
    "record_campaigns",
    "simulate_campaigns",
    "twin_model",
]

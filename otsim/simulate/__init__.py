"""From campaigns to physical outcomes: plans, warm states, blocks of twins, recordings."""

from otsim.simulate.outcomes import STATUSES, Outcomes
from otsim.simulate.twins import (
    TwinModel,
    baseline_outcomes,
    compile_loop,
    record_campaigns,
    simulate_campaigns,
    twin_model,
)

__all__ = [
    "STATUSES",
    "Outcomes",
    "TwinModel",
    "baseline_outcomes",
    "compile_loop",
    "record_campaigns",
    "simulate_campaigns",
    "twin_model",
]

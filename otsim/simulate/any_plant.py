"""The same questions to a plant of either kind: a process, or a network with its own clock."""

from __future__ import annotations

from otsim.attack.campaigns import Campaigns
from otsim.config.plant_points import WATER_NETWORK
from otsim.config.study import Study
from otsim.simulate import twins
from otsim.simulate.network_recording import record_network
from otsim.simulate.network_twins import NetworkTwins, network_twins
from otsim.simulate.outcomes import Outcomes
from otsim.simulate.recording import Recording
from otsim.simulate.twins import TwinModel

__all__ = [
    "AnyTwins", "baseline_outcomes", "compile_loop", "record_campaigns", "simulate_campaigns",
    "twin_model",
]  # fmt: skip

AnyTwins = TwinModel | NetworkTwins


def twin_model(study: Study) -> AnyTwins:
    """Compile a study's plant and fill its bank of warm states."""
    if study.plant.model == WATER_NETWORK:
        return network_twins(study)
    return twins.twin_model(study)


def compile_loop(model: AnyTwins) -> None:
    """Compile the loop that `simulate_campaigns` would compile, or load it from disk."""
    if isinstance(model, NetworkTwins):
        model.compile()
    else:
        twins.compile_loop(model)


def simulate_campaigns(model: AnyTwins, campaigns: Campaigns) -> Outcomes:
    """Live through n campaigns; those that never touch the plant cost nothing."""
    if isinstance(model, NetworkTwins):
        return model.simulate(campaigns)
    return twins.simulate_campaigns(model, campaigns)


def baseline_outcomes(model: AnyTwins, n: int) -> Outcomes:
    """Live through the horizon n times without any attack, from twins 0 to n - 1."""
    if isinstance(model, NetworkTwins):
        return model.baseline(n)
    return twins.baseline_outcomes(model, n)


def record_campaigns(model: AnyTwins, campaigns: Campaigns, ticks: list[int]) -> list[Recording]:
    """Live through a few campaigns that act, and record them at these local ticks (seconds)."""
    if isinstance(model, NetworkTwins):
        return record_network(model, campaigns, ticks)
    return twins.record_campaigns(model, campaigns, ticks)

"""Twins of a water network: a bank of warm states, campaigns lived from it, what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns, chosen_campaigns
from otsim.config.study import Study
from otsim.draws import Streams, names
from otsim.plant.water_plant import WaterModel, water_model
from otsim.simulate.network_lives import Block, live_through, twins_of
from otsim.simulate.network_plans import network_plan, quiet_network_plan
from otsim.simulate.outcomes import STATUSES, Outcomes
from otsim.simulate.plans import TICKS_PER_HOUR, action_clock, action_points

if TYPE_CHECKING:
    from otsim_kernels.plants.water_network.life import Life

__all__ = ["UNBALANCED", "NetworkTwins", "network_twins"]

UNBALANCED = "the hydraulics did not balance"

N_MEMBERS = 256
# Tanks forget their first levels within two days in the reference networks.
WARM_UP_H = 48
_LONGEST_CYCLE_H = 168  # members stand at every hour of the patterns' cycle, of a week at most
_FIRST_STREAM = 2**32 - N_MEMBERS  # streams that no twin number reaches
_NEVER = np.iinfo(np.int32).max
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class NetworkTwins:
    """A study's network, ready to run.

    Attributes:
        study: as resolved.
        model: the network with every point that the study's goals touch.
        block: how its twins are computed.
        bank: warm states; the last axis is the member.
    """

    study: Study
    model: WaterModel
    block: Block
    bank: Life = field(repr=False)

    def compile(self) -> None:
        """Compile the loop that `simulate` would compile, or load it from disk."""
        nobody = np.zeros(1, np.int64)
        plan = quiet_network_plan(self.study, self.model, nobody, nobody)
        live_through(self.block, self.bank, nobody, replace(plan, end=np.zeros(1, np.int32)))

    def simulate(self, campaigns: Campaigns) -> Outcomes:
        """Live through n campaigns; those that never touch the plant cost nothing."""
        which = np.flatnonzero(action_clock(campaigns).acts)
        chosen = chosen_campaigns(campaigns, which)
        members = self.members_of(chosen.twin_id)
        plan = network_plan(
            self.study, self.model, chosen, action_clock(chosen), self.begin_s(members)
        )
        final = live_through(self.block, self.bank, members, plan)
        return self._outcomes(campaigns.twin_id, which, final, np.asarray(plan.onset, np.int64))

    def baseline(self, n: int) -> Outcomes:
        """Live through the horizon n times without any attack, from twins 0 to n - 1."""
        twin_id = np.arange(n, dtype=np.int64)
        members = self.members_of(twin_id)
        plan = quiet_network_plan(self.study, self.model, twin_id, self.begin_s(members))
        plan = replace(plan, reaction=np.full(n, _NEVER, np.int32))
        final = live_through(self.block, self.bank, members, plan)
        return self._outcomes(twin_id, twin_id, final, np.asarray(plan.onset, np.int64))

    def members_of(self, twin_id: Numbers) -> Numbers:
        """Return which member each twin starts from, i64[n]."""
        from otsim_kernels.draws import purpose_id

        key = Streams(seed=self.study.simulation.seed).key(twin_id, "twin")
        bits = np.asarray(key.word(purpose_id(names.WARM_STATE), 0))
        return (bits % N_MEMBERS).astype(np.int64)

    def begin_s(self, members: Numbers) -> Numbers:
        """Return the network's time at which each member stands, seconds."""
        return np.asarray(self.bank.twin.time, np.int64)[members]

    def _outcomes(self, twin_id: Numbers, which: Numbers, final: Life, onset: Numbers) -> Outcomes:
        from otsim_kernels.plants.water_network.damage import columns
        from otsim_kernels.plants.water_network.signals import zone_column

        n, service = len(twin_id), self.model.plant.service
        lost = np.asarray(final.lost, np.int64)
        diverged = lost != _NEVER
        status = np.full(n, STATUSES.index("no_action"), np.int32)
        status[which] = np.where(diverged, STATUSES.index("diverged"), STATUSES.index("horizon"))
        end_h = np.where(diverged, (lost - onset) / TICKS_PER_HOUR, self.study.plant.horizon_h)
        suffered = columns(service, final.tally)
        if len(self.model.zones) > 1:
            by_zone = np.asarray(final.tally.unmet_m3, np.float64)
            suffered |= {zone_column(zone): by_zone[i] for i, zone in enumerate(self.model.zones)}
        cause = np.full(n, "", object)
        cause[which] = np.where(diverged, UNBALANCED, "")
        return Outcomes(
            twin_id=twin_id, status=status, cause=cause, end_h=_spread(n, which, end_h),
            extrapolated_h=np.full(n, np.nan),
            columns={
                name: _spread(n, which, np.where(diverged, np.nan, values))
                for name, values in suffered.items()
            },
        )  # fmt: skip


def network_twins(study: Study) -> NetworkTwins:
    """Compile a study's network and fill its bank of warm states."""
    model = water_model(
        study.plant, action_points(study), watched=study.defence.operators is not None,
        restores=study.response_action == "restore",
    )  # fmt: skip
    block = Block(plant=model.plant, dtype=np.dtype(study.simulation.precision))
    return NetworkTwins(study=study, model=model, block=block, bank=_bank(study, model, block))


def _bank(study: Study, model: WaterModel, block: Block) -> Life:
    """Run the undisturbed network; members stop at every hour of the patterns' cycle."""
    streams = _FIRST_STREAM + np.arange(N_MEMBERS, dtype=np.int64)
    plan = quiet_network_plan(study, model, streams, np.zeros(N_MEMBERS, np.int64))
    first = block.first_life(N_MEMBERS)
    stops = _stops_s(model)
    plan = replace(
        plan, end=stops[np.arange(N_MEMBERS) % len(stops)],
        onset=np.full(N_MEMBERS, _NEVER, np.int32),
        reaction=np.full(N_MEMBERS, _NEVER, np.int32),
    )  # fmt: skip
    lived = live_through(block, first, np.arange(N_MEMBERS), plan)
    kept = np.flatnonzero(np.asarray(lived.lost) == _NEVER)
    if not len(kept):
        from otsim.errors import SimulationError

        raise SimulationError(
            "plant.inp: the undisturbed network does not balance, as EPANET would warn; "
            "run it in EPANET and mend it first"
        )
    chosen = twins_of(lived, kept[np.arange(N_MEMBERS) % len(kept)])
    return replace(
        block.first_life(N_MEMBERS), twin=chosen.twin,
        tally=replace(block.first_life(N_MEMBERS).tally, flow=chosen.tally.flow),
    )  # fmt: skip


def _stops_s(model: WaterModel) -> npt.NDArray[np.int32]:
    """Return times at which there is a solve in every twin, at all phases of the cycle."""
    given = model.compiled.given
    longest = max((len(values) for values in given.patterns.values()), default=1)
    cycle_s = min(longest * given.times.pattern_step, _LONGEST_CYCLE_H * TICKS_PER_HOUR)
    step = given.times.report_step
    first = -(-WARM_UP_H * TICKS_PER_HOUR // step) * step
    n = max(cycle_s // step, 1)
    return (first + step * np.arange(n)).astype(np.int32)


def _spread(n: int, which: Numbers, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    full = np.full(n, np.nan)
    full[which] = values
    return full

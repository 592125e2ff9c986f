"""What only a water network's page has: where and when water is missing, and who checked it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from otsim.config.epanet import WaterNetwork, parse_network
from otsim.config.plant_points import WATER_NETWORK
from otsim.report.chart_style import Figure
from otsim.report.findings import Findings
from otsim.report.network_charts import hours_chart, network_map
from otsim.report.wording import number, percent

__all__ = ["NetworkView", "network_limits", "network_view"]


@dataclass(frozen=True, kw_only=True)
class GoalRow:
    """What the attacks of one goal do to the supply."""

    goal: str
    n_acting: int
    suffering: str
    unmet: str
    worst: str
    customers: str


@dataclass(frozen=True, kw_only=True)
class NetworkView:
    """The section of a water network.

    Attributes:
        map: None where the file has no coordinates, or no attack acted; hours: likewise.
        n_mapped: twins that both are means of.
        rows: what the attacks of each goal do.
    """

    map: Figure | None
    hours: Figure | None
    n_mapped: int
    rows: tuple[GoalRow, ...]


def network_view(findings: Findings) -> NetworkView | None:
    """Return the section of a water network; None for other plants."""
    if findings.study.plant.model != WATER_NETWORK:
        return None
    places, hours = findings.tables["places"], findings.tables["hours"]
    return NetworkView(
        map=network_map(_network(findings), places) if places else None,
        hours=hours_chart(hours) if hours else None,
        n_mapped=places[0]["Twins"] if places else 0,
        rows=tuple(_rows(findings)),
    )


def _network(findings: Findings) -> WaterNetwork:
    return parse_network(findings.study.plant.inp or "", "plant.inp")


def _rows(findings: Findings) -> Iterator[GoalRow]:
    simulated = ~findings.ended("no_action", "diverged")
    unmet = findings.events["unmet_m3"].astype(np.float64)
    customers = findings.events["customers_affected"].astype(np.float64)
    for name, goal in findings.study.attack.goals.items():
        ours = simulated & (findings.events["goal"] == name)
        if ours.any():
            yield GoalRow(
                goal=goal.title or name,
                n_acting=int(ours.sum()),
                suffering=percent(float(np.mean(unmet[ours] > 1.0))),
                unmet=f"{number(float(unmet[ours].mean()))} m³",
                worst=f"{number(float(np.quantile(unmet[ours], 0.95)))} m³",
                customers=number(float(customers[ours].mean())),
            )


def network_limits(findings: Findings) -> Iterator[str]:
    """Say how the hydraulics are solved, how well, and what the file holds that is not."""
    network, rows = _network(findings), findings.tables["epanet"]
    yield (
        "Hydraulics are EPANET's: demands, levels, pumps, valves and controls are solved from "
        f"event to event as in EPANET 2.3, in {findings.study.simulation.precision}. Water hammer "
        "is not: the surge is an upper bound from changes of flow."
    )
    if rows:
        row = rows[0]
        yield (
            f"The untouched file was also run by EPANET {row['Engine']} itself, for "
            f"{number(row['Hours'])} h: at {row['Times']:,} reporting times heads lie at most "
            f"{_small(row['HeadM'])} from its own (median {_small(row['MedianHeadM'])}), tank "
            f"levels at most {_small(row['LevelM'])}."
        )
    else:
        yield (
            "The untouched file was not compared with EPANET, of which no engine is installed: "
            "pip install 'otsim[water]', then run the study again."
        )
    water = findings.study.plant.water
    if water is None or water.demand_model == "pressure":
        yield (
            "Where pressure is low, junctions get less (pressure-driven demand), whatever the "
            "EPANET file says."
        )
    timed = [control for control in network.controls if control.when == "at_time"]
    if timed:
        yield (
            f"{len(timed)} controls of the file act AT TIME, once; twins begin two to nine days "
            "after the file's start and do not meet earlier ones. Use AT CLOCKTIME for what "
            "happens every day."
        )
    yield from network.ignored


def _small(metres: float) -> str:
    if metres >= 0.01:
        return f"{metres:.2g} m"
    return f"{1000.0 * metres:.2g} mm"

"""A study of a small network, with one goal and what a test wants to know of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from otsim.attack.campaigns import Campaigns, PlantActions
from otsim.config import Study, read_study

# A pump fills a tank from a reservoir by its level; a second controller reads a second tank.
INP = """[TITLE]
two tanks
[JUNCTIONS]
 A 10 0
 B 12 20 day
 C 15 12 day
[RESERVOIRS]
 R 5
[TANKS]
 T 50 2 0.5 3 12 0
 U 49 2 0.5 3.5 8 0
[PIPES]
 AB A B 400 300 120
 BC B C 400 250 120
 AC A C 500 250 120
 CT C T 200 300 120
 CU C U 300 200 120
[PUMPS]
 P R A HEAD lift
[CURVES]
 lift 40 55
[PATTERNS]
 day 0.5 0.6 1 1.2 1.4 1
[CONTROLS]
 LINK P OPEN IF NODE T BELOW 1.5
 LINK P CLOSED IF NODE T ABOVE 2.5
{controls}
[OPTIONS]
 UNITS LPS
 ACCURACY 0.0001
[TIMES]
 DURATION 24
 PATTERN TIMESTEP 4
[COORDINATES]
 A 0 0
 B 1 1
 C 2 0
 R -1 0
 T 3 0.5
 U 3 -0.5
"""
WATER = {
    "controllers": {
        "PLC1": {"operates": ["P"]},
        "RTU1": {"measures": ["T"]},
        "RTU2": {"measures": ["U"]},
    },
    "customers": 1000.0,
    "demand_spread": 0.05,
    "observe": ["pressure.B", "flow.AB"],
    "zones": {"east": ["C"]},
}


def study_of(
    folder: Path, actions: list[dict[str, Any]], *, controls: str = "", **blocks: Any
) -> Study:
    """Write and read a study whose only goal does these actions; blocks are laid over it."""
    (folder / "small.inp").write_text(INP.format(controls=controls))
    given: dict[str, Any] = {
        "version": 1,
        "title": "small network",
        "plant": {"model": "water_network", "inp": "small.inp", "horizon_h": 24.0, "water": WATER},
        "attackers": {
            "frequency": {"per_year": 0.1, "count": "attempts"},
            "profiles": {"one": {"share": 1.0, "skill": "expert"}},
        },
        "attack": {
            "tree": {"nodes": {"way": {"entry": True, "time_h": 1.0}}},
            "goals": {"goal": {"needs": ["way"], "actions": actions}},
        },
        "loss": {
            "currency": "EUR", "price_year": 2025, "plant_value": 1e8,
            "water": {"unmet_per_m3": 2.0, "outage_per_customer_h": 3.0},
        },
        "simulation": {"twins": 64, "seed": 3},
    }  # fmt: skip
    for key, block in blocks.items():
        given[key] = {**given.get(key, {}), **block}
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(given, sort_keys=False))
    return read_study(path)


def campaigns(
    n: int, start_h: list[float], value: list[float], *, stop_h: list[float] | None = None,
    response_h: float = np.inf, first: int = 0,
) -> Campaigns:  # fmt: skip
    """Make n campaigns that reach their goal at once and do every action alike."""
    stops = stop_h or [np.inf] * len(start_h)
    wide = [np.repeat(np.array([row]).T, n, axis=1) for row in (start_h, stops, value)]
    ones, zeros = np.ones(n), np.zeros(n, np.int32)
    return Campaigns(
        twin_id=first + np.arange(n, dtype=np.int64), profile=zeros, goal=zeros, entry=zeros,
        attempts=zeros + 1, entry_h=ones, goal_h=0.0 * ones, detected_h=np.inf * ones,
        response_h=response_h * ones, acts=np.ones(n, bool),
        actions=PlantActions(start_h=wide[0], stop_h=wide[1], value=wide[2]),
        node_h=np.zeros((1, n), np.float32),
    )  # fmt: skip

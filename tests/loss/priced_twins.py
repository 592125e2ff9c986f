"""A study with every kind of loss, and twins with chosen fates."""

from __future__ import annotations

from typing import Any

import numpy as np

from otsim.attack.campaigns import Campaigns, PlantActions
from otsim.config.study import Study
from otsim.simulate.outcomes import STATUSES, Outcomes

BASE_RATE_M3_H = 22.949
LOSS: dict[str, Any] = {
    "currency": "EUR",
    "price_year": 2026,
    "plant_value": 1e8,
    "margin_per_hour": 1000.0,
    "restart_h": {"lognormal": {"median": 18.0, "p95": 72.0}},
    "offspec_product_per_m3": 50.0,
    "acknowledge_fragile_at_normal": True,
    "destroyed": {"repair_h": 10_000.0, "environment_cost": 4e6, "safety_cost": 6e6},
    "fragility": {
        "vessel": {
            "signal": "XMEAS7", "median": 3500.0, "sigma": 0.1, "repair_cost": 2e6,
            "repair_h": {"uniform": {"low": 100.0, "high": 300.0}},
        },
        "pump": {
            "signal": "XMEAS8", "extreme": "low", "median": 20.0, "sigma": 0.2,
            "category": "environment", "repair_cost": {"exponential": {"mean": 3e5}},
            "repair_h": 50.0,
        },
    },
}  # fmt: skip
LEAVES = {name: {"entry": True, "time_h": 1.0} for name in ("phishing", "vendor_link")}
GOALS = {
    name: {"needs": ["inside"], "actions": [{"kind": "override", "target": "XMV10", "value": 0.0}]}
    for name in ("overheat", "starve")
}


def priced_study(loss: dict[str, Any] | None = None, **blocks: Any) -> Study:
    """Make a study; `loss` replaces keys of its loss block, `blocks` whole blocks."""
    given: dict[str, Any] = {
        "version": 1,
        "title": "priced twins",
        "plant": {"model": "tennessee_eastman"},
        "attackers": {
            "frequency": {"count": "attempts", "per_year": 0.5},
            "profiles": {
                "crew": {"share": 0.75, "skill": "intermediate"},
                "state": {"share": 0.25, "skill": "expert"},
            },
        },
        "attack": {
            "tree": {"nodes": {"inside": {"gate": "OR", "children": list(LEAVES)}, **LEAVES}},
            "goals": GOALS,
        },
        "defence": {"response": {"delay_h": 5.0, "action": "isolate", "cost": 7000.0}},
        "loss": {**LOSS, **(loss or {})},
    }
    return Study.model_validate({**given, **blocks})


def outcomes_of(statuses: list[str], *, first: int = 0, **columns: Any) -> Outcomes:
    """Make outcomes of twins that ran 48 h at base production, unless columns say otherwise."""
    n_twins = len(statuses)
    idle = np.array([status == "no_action" for status in statuses])
    normal = {
        "peak_xmeas7": 2705.0, "low_xmeas8": 75.0, "product_m3": 48.0 * BASE_RATE_M3_H,
        "offspec_product_m3": 0.0,
    }  # fmt: skip
    values = {
        name: np.where(idle, np.nan, np.broadcast_to(value, n_twins))
        for name, value in {**normal, **columns}.items()
    }
    return Outcomes(
        twin_id=np.arange(first, first + n_twins),
        status=np.array([STATUSES.index(status) for status in statuses], np.int32),
        cause=np.full(n_twins, "", object),
        end_h=np.where(idle, np.nan, 48.0),
        extrapolated_h=np.full(n_twins, np.nan),
        columns=values,
    )


def campaigns_of(outcomes: Outcomes, response_h: Any = np.inf) -> Campaigns:
    """Make campaigns of the same twins; profile, goal and entry go round by twin number."""
    twin_id, n_twins = outcomes.twin_id, len(outcomes.twin_id)
    never = np.full(n_twins, np.inf)
    return Campaigns(
        twin_id=twin_id,
        profile=(twin_id % 4 == 3).astype(np.int32),
        goal=(twin_id % 2).astype(np.int32),
        entry=(twin_id % 3 - 1).astype(np.int32),
        attempts=np.ones(n_twins, np.int32),
        entry_h=never,
        goal_h=never,
        detected_h=never,
        response_h=np.broadcast_to(np.asarray(response_h, np.float64), n_twins),
        acts=outcomes.status != STATUSES.index("no_action"),
        actions=PlantActions(start_h=never[None], stop_h=never[None], value=never[None]),
        node_h=np.zeros((3, n_twins), np.float32),
    )

"""Studies of made-up plants: their networks generated, their goals what these take."""

from typing import Any

from otsim.architecture.generate import generate_architecture
from otsim.config.plant_points import PLANT_POINTS
from otsim.config.study import Study

POINTS = PLANT_POINTS["tennessee_eastman"]
ACTION = {"kind": "override", "target": "XMV10", "value": 0.0}


def plant_study(seed: int, n_assets: int = 40, **attackers: Any) -> Study:
    """Make a study of a generated plant, one attacker against all goals of its network."""
    names = [*POINTS.by_name, *(link.name for link in POINTS.links)]
    architecture = generate_architecture(n_assets, seed, points=names, weak_share=0.5)
    return study_of(architecture.model_dump(mode="json", exclude_none=True), **attackers)


def study_of(architecture: dict[str, Any], **attackers: Any) -> Study:
    """Make a study of a network; `attackers` overrides keys of the only profile."""
    profile = {"share": 1.0, "skill": "intermediate"} | attackers
    return Study.model_validate(
        {
            "version": 1,
            "title": "made-up plant",
            "plant": {"model": "tennessee_eastman", "horizon_h": 24.0},
            "attackers": {
                "frequency": {"count": "attempts", "per_year": 1.0},
                "budget_d": 540.0,
                "profiles": {"only": profile},
            },
            "attack": {
                "architecture": architecture,
                "goals": {name: {"actions": [ACTION]} for name in architecture["goals"]},
            },
            "loss": {
                "currency": "EUR",
                "price_year": 2026,
                "plant_value": 2.0e8,
                "margin_per_hour": 5000.0,
                "restart_h": 24.0,
                "destroyed": {"repair_h": 8760.0, "environment_cost": 1.0e6, "safety_cost": 1.0e6},
            },
        }
    )

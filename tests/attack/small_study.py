"""A study around any attack tree, for the tests of campaigns."""

from typing import Any

from otsim.config.study import Study

PROFILES = {"crew": {"share": 1.0, "skill": "intermediate"}}


def small_study(
    nodes: dict[str, Any],
    *,
    needs: dict[str, list[str]],
    count: str = "attempts",
    profiles: dict[str, Any] | None = None,
    sigma: float = 0.0,
    budget_d: float | None = None,
    response: dict[str, Any] | None = None,
    actions: dict[str, list[dict[str, Any]]] | None = None,
) -> Study:
    """Make a study whose goals need the given nodes; by default each opens one valve fully."""
    open_valve = [{"kind": "override", "target": "XMV10", "value": 100.0}]
    attackers: dict[str, Any] = {
        "frequency": {"count": count, "per_year": 0.1},
        "common_effort_sigma": sigma,
        "profiles": profiles or PROFILES,
    }
    goals = {
        name: {"needs": names, "actions": (actions or {}).get(name, open_valve)}
        for name, names in needs.items()
    }
    return Study.model_validate(
        {
            "version": 1,
            "title": "test",
            "plant": {"model": "tennessee_eastman"},
            "attackers": attackers | ({} if budget_d is None else {"budget_d": budget_d}),
            "attack": {"tree": {"nodes": nodes}, "goals": goals},
            "defence": {} if response is None else {"response": response},
            "loss": {
                "currency": "EUR",
                "price_year": 2026,
                "plant_value": 1e8,
                "margin_per_hour": 1000.0,
                "restart_h": 10.0,
            },
        }
    )


def exponential(mean: float) -> dict[str, Any]:
    """Write an exponential distribution."""
    return {"exponential": {"mean": mean}}

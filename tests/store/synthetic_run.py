"""A small made-up study, and campaigns, outcomes and losses that look like those of a real run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from otsim.attack.campaigns import Campaigns, PlantActions
from otsim.config.plant_points import PLANT_POINTS
from otsim.config.study import Study
from otsim.loss import CATEGORIES, Losses
from otsim.risk import TornadoRow, annual_risk, event_losses, study_frequency
from otsim.simulate.outcomes import STATUSES, Outcomes
from otsim.store import (
    ROLES,
    AttackSpan,
    RunFolder,
    TwinStory,
    baseline_table,
    event_table,
    physical_table,
    risk_tables,
    tornado_table,
    trace_table,
)

HOSTILE = "</script><img src=x onerror=alert(1)>"
HOSTILE_ATTRIBUTE = "\"><svg onload=alert('2')>"
LIMITS = {"tripped": (2.0, 20.0), "shut_down": (4.0, 30.0), "destroyed": (1.0, 8.0)}


def study_of(twins: int = 96, *, shard_size: int = 32, hostile: bool = False) -> Study:
    """Make a study; `hostile` puts markup into every text that a study may hold."""
    text = f"{HOSTILE} {HOSTILE_ATTRIBUTE}" if hostile else None
    return Study.model_validate(
        {
            "version": 1,
            "title": text or "Remote compromise of the reactor section",
            "description": text or "Made up for the tests; no number here is a finding.",
            "plant": {"model": "tennessee_eastman", "horizon_h": 48.0},
            "attackers": {
                "frequency": {"count": "attempts", "per_year": 0.4, "source": text or "survey"},
                "profiles": {
                    "novice": {"share": 0.5, "skill": "novice", "source": text or "assumed"},
                    "crew": {"share": 0.4, "skill": "intermediate", "title": text},
                    "state": {"share": 0.1, "skill": "expert", "time_factor": 0.5},
                },
            },
            "attack": {"tree": _tree(text), "goals": _goals(text)},
            "defence": {
                "response": {
                    "delay_h": {"lognormal": {"median": 24.0, "p95": 240.0}},
                    "action": "shut_down",
                    "cost": 50_000.0,
                    "source": text or "survey",
                }
            },
            "loss": _loss(text),
            "uncertainty": [
                {"key": "attackers.frequency.per_year", "low": 0.1, "high": 1.2, "title": text},
                {"key": "loss.margin_per_hour", "low": 9_000.0, "high": 16_000.0},
            ],
            "simulation": {"twins": twins, "shard_size": shard_size, "batch": 32, "seed": 7},
            "report": {"return_periods": [10.0, 50.0, 100.0, 250.0]},
            "sources": {"survey": text or "A survey that was never made (2026), table 3."},
        }
    )


def _tree(text: str | None) -> dict[str, Any]:
    named = f"VPN {HOSTILE}" if text else "stolen VPN password"
    half = {"novice": 0.1, "beginner": 0.2, "intermediate": 0.5, "expert": 0.9}
    leaf = {"time_d": {"lognormal": {"median": 6.0, "p95": 40.0}}, "source": text or "assumed"}
    return {
        "title": text,
        "nodes": {
            "plant network": {"gate": "AND", "children": ["way in", "engineering station"]},
            "way in": {"gate": "OR", "children": [named, "vendor laptop"]},
            named: {**leaf, "entry": True, "probability": half, "technique": "T0859"},
            "vendor laptop": {**leaf, "entry": True, "probability": 0.3, "technique": "T0847"},
            "engineering station": {
                **leaf,
                "probability": 0.6,
                "technique": "T0843",
                "detection": {
                    "probability": 0.3,
                    "delay_h": {"exponential": {"mean": 72.0}},
                    "source": text or "survey",
                },
            },
        },
    }


def _goals(text: str | None) -> dict[str, Any]:
    overheat = [
        {"kind": "replay", "target": "XMEAS9", "source": text},
        {"kind": "override", "target": "XMV10", "value": {"uniform": {"low": 0.0, "high": 15.0}}},
    ]
    flood = [{"kind": "bias", "target": "XMEAS8", "value": -20.0, "delay_min": 30.0}]
    starve = [{"kind": "override", "target": "XMV3", "value": 0.0}]
    return {
        "overheat_reactor": {
            "title": text or "Overheat the reactor behind a replayed temperature",
            "needs": ["plant network"],
            "actions": overheat,
            "source": text or "assumed",
        },
        "flood_reactor": {"title": text, "needs": ["plant network"], "actions": flood},
        "starve_feed": {"description": text, "needs": ["plant network"], "actions": starve},
    }


def _loss(text: str | None) -> dict[str, Any]:
    return {
        "currency": "EUR",
        "price_year": 2026,
        "plant_value": 2.4e8,
        "margin_per_hour": 12_000.0,
        "restart_h": {"lognormal": {"median": 18.0, "p95": 72.0}},
        "offspec_product_per_m3": 300.0,
        "source": text or "survey",
        "fragility": {
            "reactor_overpressure": {
                "signal": "XMEAS7",
                "median": 5000.0,
                "sigma": 0.1,
                "repair_cost": {"pert": {"low": 1e6, "mode": 4e6, "high": 2e7}},
                "source": text or "assumed",
            }
        },
    }


def twins_of(study: Study, twins: range) -> tuple[Campaigns, Outcomes, Losses]:
    """Make campaigns, outcomes and losses of these twins; each depends on its number alone."""
    draws = [np.random.default_rng((7, twin)).random(16) for twin in twins]
    u = np.array(draws).T.reshape(16, len(twins))
    twin_id = np.arange(twins.start, twins.stop, dtype=np.int64)
    campaigns = _campaigns(study, twin_id, u)
    outcomes = _outcomes(study, campaigns, u)
    return campaigns, outcomes, _losses(study, campaigns, outcomes, u)


def events_of(study: Study, twins: range) -> pa.Table:
    """Make the event rows of these twins."""
    return event_table(study, *twins_of(study, twins))


def _or_never(hours: npt.NDArray[np.float64], happens: npt.NDArray[np.bool_]) -> Any:
    return np.where(happens, hours, np.inf)


def _campaigns(study: Study, twin_id: npt.NDArray[np.int64], u: Any) -> Campaigns:
    breached, n = u[0] < 0.45, len(twin_id)
    entry_h, detected_h = -np.log(u[1]) * 150.0, -np.log(u[2]) * 2000.0
    goal_h = entry_h - np.log(u[3]) * 300.0
    acts = breached & (goal_h < detected_h + 40.0)
    goal = np.searchsorted([0.4, 0.75, 1.0], u[4]).astype(np.int32)
    n_actions = sum(len(given.actions) for given in study.attack.goals.values())
    never = np.full((n_actions, n), np.inf)
    return Campaigns(
        twin_id=twin_id,
        profile=np.searchsorted([0.5, 0.9, 1.0], u[5]).astype(np.int32),
        goal=goal,
        entry=np.where(breached, (u[6] > 0.7).astype(np.int32), -1).astype(np.int32),
        attempts=np.ones(n, np.int32),
        entry_h=_or_never(entry_h, breached),
        goal_h=_or_never(goal_h, breached),
        detected_h=_or_never(detected_h, breached),
        response_h=_or_never(detected_h + 40.0, breached),
        acts=acts,
        actions=PlantActions(start_h=never, stop_h=never, value=np.zeros((n_actions, n))),
        node_h=np.zeros((len(study.attack.tree.nodes), n), np.float32),
    )


def _outcomes(study: Study, campaigns: Campaigns, u: Any) -> Outcomes:
    n, acts = len(campaigns.twin_id), campaigns.acts
    weights = np.array([[0.1, 0.7, 0.8, 0.97], [0.3, 0.9, 0.95, 0.97], [0.5, 0.95, 0.99, 0.97]])
    above = (u[7][:, None] > weights[campaigns.goal]).sum(1)
    status = np.where(acts, 1 + above, 0).astype(np.int32)
    names = np.array(STATUSES)[status]
    end_h = np.full(n, study.plant.horizon_h)
    for name, (low, high) in LIMITS.items():
        end_h = np.where(names == name, low + (high - low) * u[8] ** 2, end_h)
    end_h = np.where(acts, end_h, np.nan)
    bad = names == "diverged"
    columns = {
        column.name: np.where(acts & ~bad, 1000.0 + 100.0 * u[9], np.nan)
        for column in PLANT_POINTS[study.plant.model].damage_columns
    }
    columns["peak_xmeas7"] = (
        np.where(names == "destroyed", 6000.0, 2750.0) + columns["peak_xmeas7"] * 0.2
    )
    causes = {"tripped": "reactor temperature high", "destroyed": "reactor ruptured"}
    return Outcomes(
        twin_id=campaigns.twin_id,
        status=status,
        cause=np.array([causes.get(name, "") for name in names], dtype=np.object_),
        end_h=end_h,
        extrapolated_h=np.where(names == "destroyed", end_h * 0.8, np.nan),
        columns=columns,
    )


def _losses(study: Study, campaigns: Campaigns, outcomes: Outcomes, u: Any) -> Losses:
    names = np.array(STATUSES)[outcomes.status]
    stopped = np.isin(names, ["tripped", "shut_down"])
    downtime_h = np.where(stopped, 18.0 * np.exp(0.8 * (u[10] * 4 - 2)), 0.0)
    downtime_h = np.where(names == "destroyed", 17_520.0, downtime_h)
    damaged = (names == "tripped") & (u[11] < 0.03)
    by_category = {name: np.zeros(len(names)) for name in CATEGORIES}
    by_category["business_interruption"] = downtime_h * study.loss.margin_per_hour
    by_category["product"] = np.where(campaigns.acts, u[12] * 60_000.0, 0.0)
    by_category["equipment"] = np.where(damaged, 2e6 + 8e6 * u[13] ** 3, 0.0)
    by_category["response"] = np.where(np.isfinite(campaigns.detected_h), 50_000.0, 0.0)
    total = sum(by_category.values())
    factor = np.minimum(1.0, study.loss.plant_value / np.maximum(total, 1.0))
    gone, lost = names == "diverged", names == "destroyed"
    by_category = {
        name: np.where(gone, np.nan, np.where(lost, amount * 0.6, amount) * factor)
        for name, amount in by_category.items()
    }
    by_category["equipment"] = np.where(
        lost, study.loss.plant_value * 0.4, by_category["equipment"]
    )
    return Losses(
        twin_id=campaigns.twin_id,
        by_category=by_category,
        downtime_h=np.where(gone, np.nan, downtime_h),
        damaged={"reactor_overpressure": damaged & ~gone},
    )


def recorded_twins() -> dict[str, pa.Table]:
    """Make three recorded twins, one for each role; the reported temperature is a replay."""
    return {role: _recorded(role, 30.0 - 9.0 * index) for index, role in enumerate(ROLES)}


def _recorded(role: str, end_h: float) -> pa.Table:
    time_h = np.arange(0.0, end_h, 1.0 / 60.0)
    noise = np.random.default_rng(5).normal(size=(3, len(time_h)))
    attack_h, under_attack = 2.0, time_h >= 2.0
    hours = np.maximum(time_h - attack_h, 0.0)
    seen = 120.4 + 0.05 * noise[0]
    valve = 41.1 + 0.4 * noise[1]
    signals = {
        "xmeas_9": seen + 54.6 * (hours / max(hours.max(), 1.0)) ** 3,
        "xmeas_9_seen": seen,
        "xmv_10": valve,
        "xmv_10_received": np.where(under_attack, 8.0, valve),
        "xmeas_7": 2705.0 + 3.0 * noise[2] + 8.0 * hours,
        "xmeas_7_seen": 2705.0 + 3.0 * noise[2] + 8.0 * hours,
    }
    story = TwinStory(
        role=role,
        plant="tennessee_eastman",
        twin_id=17,
        goal="overheat_reactor",
        status="tripped",
        cause="reactor temperature high",
        end_h=float(time_h[-1]),
        loss=1.3e6,
        attacks=(
            AttackSpan(kind="replay", target="XMEAS9", start_h=attack_h),
            AttackSpan(kind="override", target="XMV10", start_h=attack_h, value=8.0),
        ),
    )
    return trace_table(time_h, signals, story, PLANT_POINTS["tennessee_eastman"])


def untouched(study: Study, n_twins: int) -> Outcomes:
    """Make the outcomes of twins that nobody attacked: all lived to the horizon."""
    return Outcomes(
        twin_id=np.arange(n_twins, dtype=np.int64),
        status=np.full(n_twins, STATUSES.index("horizon"), np.int32),
        cause=np.full(n_twins, "", dtype=np.object_),
        end_h=np.full(n_twins, study.plant.horizon_h),
        extrapolated_h=np.full(n_twins, np.nan),
        columns={
            column.name: np.linspace(2700.0, 2760.0, n_twins)
            for column in PLANT_POINTS[study.plant.model].damage_columns
        },
    )


def commit_shards(folder: RunFolder, study: Study) -> list[int]:
    """Commit every shard that is missing; return their numbers."""
    missing = folder.missing_shards()
    for shard in missing:
        folder.commit_shard(shard, events_of(study, folder.facts.twins_of(shard)))
    return missing


def commit_tables(folder: RunFolder, study: Study) -> None:
    """Commit all result tables and the recorded twins."""
    twins = twins_of(study, range(study.simulation.twins))
    risk = annual_risk(
        event_losses(study, *twins), study_frequency(study), study.report.return_periods
    )
    tables = risk_tables(study, risk)
    tables["tornado"] = tornado_table(study, _tornado_rows(study, risk.alt[0].mean_loss))
    tables["physical"] = physical_table(study, [folder.read_events()])
    tables["baseline"] = baseline_table(study, untouched(study, 16))
    tables |= {f"twin-{role}": table for role, table in recorded_twins().items()}
    for name, table in tables.items():
        folder.commit_table(name, table, quarantined=risk.quarantine.n_quarantined)


def _tornado_rows(study: Study, base: float) -> list[TornadoRow]:
    return [
        TornadoRow(
            key=given.key, title=given.title or given.key, low=given.low, high=given.high,
            assumed=False, eal_low=0.4 * base, eal_base=base, eal_high=2.5 * base,
            aep100_low=base, aep100_base=2.0 * base, aep100_high=3.0 * base,
        )
        for given in study.uncertainty
    ]  # fmt: skip


def finished_run(path: Path, study: Study) -> Path:
    """Make a whole run folder, `_SUCCESS` and all but the page."""
    with RunFolder.open(path, study) as folder:
        commit_shards(folder, study)
        commit_tables(folder, study)
        folder.finish()
    return path


def files_of(run: Path) -> dict[str, bytes]:
    """Every file of a run but those that may hold the clock or a process number."""
    left_out = {"run.json", ".lock"}
    return {
        path.relative_to(run).as_posix(): path.read_bytes()
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name not in left_out
    }

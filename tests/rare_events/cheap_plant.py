"""A plant whose losses cost no simulation, for the tests of rare events."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from attack.small_study import exponential, small_study
from otsim.attack.campaigns import Campaigns
from otsim.config.study import Study
from otsim.draws import Design, names, study_draws
from otsim.rare_events import tail_pilot
from otsim_kernels.draws import purpose_id

DISASTER = 5e7


@dataclass(frozen=True)
class CheapTwins:
    """What stands for a compiled plant."""

    study: Study


def rare_study(count: str = "breaches", seed: int = 1, period: float = 10_000.0) -> Study:
    """Make a study whose disaster takes an expert who is not noticed, or a trip that fails."""
    nodes: dict[str, Any] = {
        "enter": {"entry": True, "probability": 0.4, "time_h": exponential(10.0),
                  "detection": {"probability": 0.5, "delay_h": exponential(20.0)}},
        "bypass": {"probability": {"novice": 0.01, "beginner": 0.01, "intermediate": 0.02,
                                   "expert": 0.6}, "time_h": exponential(100.0)},
        "deep": {"gate": "SAND", "children": ["enter", "bypass"]},
    }  # fmt: skip
    profiles = {
        "crew": {"share": 0.97, "skill": "intermediate", "motive": {"stop": 1}},
        "state": {"share": 0.03, "skill": "expert", "motive": {"stop": 1, "wreck": 1}},
    }
    study = small_study(
        nodes, needs={"stop": ["enter"], "wreck": ["deep"]}, count=count, profiles=profiles,
        response={"probability": 0.8, "delay_h": exponential(50.0), "action": "isolate"},
    )  # fmt: skip
    simulation = study.simulation.model_copy(update={"seed": seed})
    report = study.report.model_copy(update={"return_periods": (period,)})
    return study.model_copy(update={"simulation": simulation, "report": report})


def losses_of(design: Design, campaigns: Campaigns) -> np.ndarray:
    """Price campaigns: a disaster if the plant is wrecked or stopped with trips that fail."""
    key = design.key(campaigns.twin_id, "twin", campaigns.attempts)
    fails = key.word(purpose_id(names.SAFETY_FAILS), 0) / 2.0**32 < 0.01
    money = design.key(campaigns.twin_id, "loss", campaigns.attempts)
    luck = money.word(purpose_id(names.RESTART_H), 0) / 2.0**32
    disaster = campaigns.acts & ((campaigns.goal == 1) | (fails & (luck > 0.5)))
    return np.where(disaster, DISASTER * (1.0 + luck), np.where(campaigns.acts, 1e4 * luck, 0.0))


def use_cheap_plant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pilot runs price campaigns without a plant."""
    monkeypatch.setattr(tail_pilot, "simulate_campaigns", lambda twins, campaigns: None)
    monkeypatch.setattr(
        tail_pilot, "assess",
        lambda study, campaigns, outcomes: SimpleNamespace(
            total=losses_of(study_draws(study), campaigns)
        ),
    )  # fmt: skip

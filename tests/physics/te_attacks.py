"""Extreme attacks on the Tennessee Eastman plant whose safety trips are all bypassed."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from otsim_kernels.plants.tennessee_eastman.signals import LOOPS, MEASUREMENTS
from physics.te_twins import BYPASS, Act, Point, gain, idv, setpoint, xmeas, xmv

COMMANDS, DISTURBANCES = range(1, 13), range(1, 21)
READ = sorted({*LOOPS.values(), 13})  # measurements that controllers read
GAINS = (0.0, -1.0, 10.0, 50.0)
SEED = 7


def scripted_attacks() -> list[list[Act]]:
    """Commands at their ends, alone and in pairs; every sensor, set-point, gain; IDV and pairs."""
    ends = (0.0, 100.0)
    attacks = [[xmv(n, v)] for n in COMMANDS for v in ends]
    attacks += [
        [xmv(n, v), xmv(m, w)] for n, m in combinations(COMMANDS, 2) for v in ends for w in ends
    ]
    attacks += [[xmeas(n, v)] for n in READ for v in _values(n, (0.8, 1.2))]
    attacks += [[setpoint(n, v)] for n in LOOPS for v in _values(LOOPS[n], (0.5, 1.5))]
    attacks += [[gain(n, v)] for n in LOOPS for v in GAINS]
    attacks += [[idv(n)] for n in DISTURBANCES]
    attacks += [[idv(n), idv(m)] for n, m in combinations(DISTURBANCES, 2)]
    return attacks


def few_points() -> list[Point]:
    """Points that compile in a third of the time: the commands and what moves the reactor."""
    acts = [*(xmv(n) for n in COMMANDS), xmeas(8), xmeas(9), xmeas(17), setpoint(18, 0.0)]
    return [act.point for act in [*acts, gain(18, 0.0), gain(17, 0.0), idv(4), idv(6), BYPASS]]


def few_attacks(n: int) -> list[list[Act]]:
    """About n of the scripted attacks on `few_points`, spread over all of them."""
    known = set(few_points())
    fitting = [own for own in scripted_attacks() if known.issuperset(act.point for act in own)]
    return fitting[:: max(len(fitting) // n, 1)][:n]


def random_attacks(n: int) -> list[list[Act]]:
    """Two to six acts at once on points drawn from all, at sizes drawn from their whole range."""
    rng = np.random.default_rng(SEED)
    return [_random_attack(rng) for _ in range(n)]


def points() -> list[Point]:
    """Every point that these attacks touch, so that all batches share one compiled loop."""
    acts = [*(xmv(n) for n in COMMANDS), *(xmeas(n) for n in READ)]
    acts += [*(setpoint(n, 0.0) for n in LOOPS), *(gain(n, 0.0) for n in LOOPS)]
    return [act.point for act in [*acts, *(idv(n) for n in DISTURBANCES), BYPASS]]


def _values(measurement: int, shares: tuple[float, float]) -> tuple[float, ...]:
    _, _, low, high, normal, _ = MEASUREMENTS[measurement]
    return (low, high, *(normal * share for share in shares))


def _random_attack(rng: np.random.Generator) -> list[Act]:
    chosen = rng.choice(len(points()) - 1, size=rng.integers(2, 7), replace=False)
    return [_random_act(points()[i], rng) for i in chosen]


def _random_act(point: Point, rng: np.random.Generator) -> Act:
    if point.group == "command":
        value = rng.choice([0.0, 100.0, rng.uniform(0.0, 100.0)])
    elif point.group == "loop":
        value = rng.choice(GAINS)
    elif point.group == "disturbance":
        value = 0.0
    else:
        number = LOOPS[point.index] if point.group == "setpoint" else point.index
        value = rng.uniform(*MEASUREMENTS[number][2:4])
    return Act(point=point, value=float(value))

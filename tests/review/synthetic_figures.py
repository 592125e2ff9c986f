"""Made-up figures of a review, for a network that exists: no number here is a finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from otsim.review.findings import Finding, changes_of_findings
from otsim.review.results import (
    Change,
    Effect,
    Estimate,
    Figures,
    Option,
    Part,
    ReviewFigures,
    Way,
)
from otsim.review.reviewed_network import ReviewedNetwork

YEARLY = 200_000.0


def about(value: float, error: float = 0.1) -> Estimate:
    """An estimate with an error that is a share of it."""
    half = abs(value) * error
    return Estimate(value=value, low=value - half, high=value + half)


def effect_of(change: Change, yearly: float, error: float = 0.1) -> Effect:
    """What a change avoids, its tail twenty times as large."""
    return Effect(
        change=change,
        annual_loss=about(yearly, error),
        tail_loss=about(20.0 * yearly, error),
        damage_per_year=about(yearly / 1e7, error),
        n_relived=3,
    )


def figures_of(network: ReviewedNetwork, findings: Sequence[Finding]) -> ReviewFigures:
    """Figures in which each finding avoids less than the one before it."""
    changes = changes_of_findings(findings)
    effects = [effect_of(change, YEARLY * 0.6 * 0.85**i) for i, change in enumerate(changes)]
    effects += _of_controls(network)
    effects.sort(key=lambda effect: -effect.annual_loss.value)
    return ReviewFigures(
        currency="EUR",
        return_period=250.0,
        n_drawn=4096,
        n_twins=512,
        heaviest_rate=0.036 / 512,
        n_acting=130,
        n_lived=190,
        n_diverged=0,
        campaigns_per_year=0.036,
        now=Figures(
            annual_loss=about(YEARLY),
            tail_loss=about(2.4e7),
            damage_per_year=about(0.009),
            response_cost=8_000.0,
        ),
        parts=tuple(_parts(network)),
        effects=tuple(effects),
        ways=tuple(_ways(network, findings)),
        options=tuple(_options(network)),
        exact=True,
        bound=1.0,
        shapley={change.key: about(20_000.0 - 2_000.0 * i) for i, change in enumerate(changes[:4])},
        sobol={"breaches a year": (0.5, 0.6), "margin": (0.1, 0.2)},
        out_of_reach=(),
    )


def _of_controls(network: ReviewedNetwork) -> list[Effect]:
    """Prevention pays, detection raises the loss, the rest cannot be told."""
    found = []
    for name, control in network.given.controls.items():
        worth = 5.0 * control.cost_per_year if control.type == "prevent" else -9_000.0
        kind = "control removed" if control.in_place else "control added"
        change = Change(
            kind=kind,
            name=name,
            title=control.title or name,
            absent=np.zeros(len(network.leaves), bool),
            controls={name: not control.in_place},
        )
        found.append(effect_of(change, -worth if control.in_place else worth))
    return found


def _parts(network: ReviewedNetwork) -> Iterable[Part]:
    for kind in ("asset", "service", "vulnerability", "conduit", "credential"):
        used = [s.items[kind] for s in network.graph.steps.values() if kind in s.items]
        for i, name in enumerate(dict.fromkeys(used)):
            yield _part(kind, name, 0.3 * YEARLY * 0.8**i)
        yield _part(kind, "(none)", 1_000.0)
    yield _part("technique", "T0866", YEARLY)


def _part(kind: str, name: str, value: float) -> Part:
    return Part(
        kind=kind, name=name, annual_loss=about(value), tail_loss=100.0 * value, on_way=0.4,
        birnbaum=np.nan, raw=np.nan,
    )  # fmt: skip


def _ways(network: ReviewedNetwork, findings: Sequence[Finding]) -> Iterable[Way]:
    seen = set()
    for finding in findings:
        if finding.change is None:
            continue
        chosen = {
            leaf for leaf, gone in zip(network.leaves, finding.change.absent, strict=True) if gone
        }
        way = network.ways.through(chosen)
        if way is not None and way.steps not in seen:
            seen.add(way.steps)
            share = 0.3 * 0.7 ** (len(seen) - 1)
            yield Way(
                goal=way.goal, steps=way.steps, share=share, annual_loss=YEARLY * share,
                median_d=20.0 + 3.0 * len(way.steps),
            )  # fmt: skip


def _options(network: ReviewedNetwork) -> Iterable[Option]:
    names = list(network.given.controls)
    for count in range(len(names) + 1):
        cost = sum(network.given.controls[name].cost_per_year for name in names[:count])
        loss = YEARLY * (1.6 * 0.8**count)
        yield Option(
            controls=tuple(names[:count]), cost_per_year=cost, annual_loss=about(loss), best=True
        )
        yield Option(
            controls=tuple(names[-count:]), cost_per_year=cost * 1.1, annual_loss=about(1.2 * loss),
            best=False,
        )  # fmt: skip

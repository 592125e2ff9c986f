"""The numbers of a review: they add up, and agree with designs that are really changed."""

import copy
from functools import cache
from typing import Any

import numpy as np
import pytest

from attack.plant_studies import study_of
from otsim.architecture.generate import generate_architecture
from otsim.attack import compile_attack, sample_campaigns
from otsim.config.plant_points import PLANT_POINTS
from otsim.config.study import Study, UncertainInput
from otsim.draws import study_draws
from otsim.loss import assess
from otsim.review.design import design_of
from otsim.review.estimates import Scale
from otsim.review.input_indices import annual_loss_at
from otsim.review.lives import Lives
from otsim.review.parts import ways_of
from otsim.review.results import ReviewFigures
from otsim.review.review_figures import review_figures
from otsim.simulate.outcomes import STATUSES, Outcomes
from otsim.simulate.plans import action_clock
from review.made_up_lives import live

TWINS = 1024


@cache
def network() -> dict[str, Any]:
    points = PLANT_POINTS["tennessee_eastman"]
    names = [*points.by_name, *(link.name for link in points.links)]
    given = generate_architecture(40, 5, points=names, weak_share=0.5)
    return given.model_dump(mode="json", exclude_none=True)


def study(architecture: dict[str, Any] | None = None, twins: int = TWINS) -> Study:
    made = study_of(architecture or network())
    simulation = made.simulation.model_copy(update={"twins": twins})
    return made.model_copy(update={"simulation": simulation})


@cache
def figures() -> ReviewFigures:
    return review_figures(study(), live=live)


def crude(given: Study, n: int) -> tuple[float, float]:
    """Expected annual loss of a study by plain sampling, and its standard error."""
    campaigns = sample_campaigns(compile_attack(given), 0, n, draws=study_draws(given))
    outcomes = live(campaigns)
    idle = ~action_clock(campaigns).acts
    status = np.where(idle, STATUSES.index("no_action"), outcomes.status).astype(np.int32)
    told = Outcomes(
        twin_id=outcomes.twin_id, status=status, cause=outcomes.cause,
        end_h=np.where(idle, np.nan, outcomes.end_h), extrapolated_h=outcomes.extrapolated_h,
        columns=outcomes.columns,
    )  # fmt: skip
    loss = assess(given, campaigns, told).total
    rate = given.attackers.frequency.per_year
    return rate * float(loss.mean()), rate * float(loss.std() / np.sqrt(n))


def test_the_parts_of_every_kind_add_up() -> None:
    found = figures()
    kinds = {part.kind for part in found.parts}
    assert {"asset", "service", "technique", "vulnerability", "conduit"} <= kinds
    for kind in kinds:
        parts = [part for part in found.parts if part.kind == kind]
        total = sum(part.annual_loss.value for part in parts)
        tail = sum(part.tail_loss for part in parts)
        assert total == pytest.approx(found.now.annual_loss.value, rel=1e-12)
        assert tail == pytest.approx(found.now.tail_loss.value, rel=1e-12)


def test_the_loss_is_that_of_plain_sampling() -> None:
    want, error = crude(study(), 16_384)
    own = figures().now.annual_loss
    spread = np.hypot(error, (own.high - own.low) / 3.92)
    assert abs(own.value - want) < 3.0 * spread


@pytest.mark.parametrize("kind", ["service", "vulnerability", "conduit", "credential"])
def test_what_a_removal_avoids_is_what_a_network_without_it_loses_less(kind: str) -> None:
    collection = {"service": "services", "vulnerability": "vulnerabilities",
                  "conduit": "conduits", "credential": "credentials"}[kind]  # fmt: skip
    effects = [each for each in figures().effects if each.change.kind == kind]
    effect = max(effects, key=lambda each: each.annual_loss.value)
    changed = copy.deepcopy(network())
    _remove(changed, collection, effect.change.name)
    n = 16_384
    now, now_error = crude(study(), n)
    then, then_error = crude(study(changed), n)
    avoided = effect.annual_loss
    spread = np.sqrt(now_error**2 + then_error**2 + ((avoided.high - avoided.low) / 3.92) ** 2)
    assert abs(avoided.value - (now - then)) < 3.0 * spread
    assert avoided.value > 0.0 or kind == "credential"  # there are other ways to log in


def _remove(architecture: dict[str, Any], collection: str, name: str) -> None:
    """Take an item out of the file, and every mention of it."""
    del architecture[collection][name]
    if collection == "services":
        for key in [key for key, flaw in architecture["vulnerabilities"].items()
                    if flaw.get("service") == name]:  # fmt: skip
            del architecture["vulnerabilities"][key]
        for vendor in [key for key, one in architecture.get("vendor_access", {}).items()
                       if one.get("service") == name]:  # fmt: skip
            del architecture["vendor_access"][vendor]
    for holder in (*architecture.get("people", {}).values(),
                   *architecture.get("vendor_access", {}).values()):  # fmt: skip
        if collection == "credentials":
            holder["credentials"] = [each for each in holder.get("credentials", ()) if each != name]
    for control in architecture.get("controls", {}).values():
        scope = control.get("scope", {})
        if name in scope.get(collection, ()):
            scope[collection] = [each for each in scope[collection] if each != name]


def test_lives_are_lived_once_and_never_again_after_their_own_end() -> None:
    design = design_of(study(twins=256))
    counted = []

    def counting(campaigns: Any) -> Outcomes:
        counted.append(len(campaigns.twin_id))
        return live(campaigns)

    lives = Lives(study=design.study, live=counting)
    now = design.campaigns(design.nothing_changed)
    first = lives.losses([now])[0]
    after_one = sum(counted)
    again = lives.losses([now, now])
    assert sum(counted) == after_one
    assert np.array_equal(again[0].loss, first.loss)
    assert after_one < 2 * int(first.acts.sum()) + 1


def test_the_study_s_own_inputs_give_its_own_loss() -> None:
    """What Sobol's indices are of: chosen campaigns count by what they stand for."""
    given = study()
    design = design_of(given)
    lives = Lives(study=given, live=live)
    now = design.campaigns(design.nothing_changed)
    losses = lives.losses([now])[0]
    inputs = [
        UncertainInput(key="attackers.frequency.per_year", low=0.5, high=2.0),
        UncertainInput(key="loss.margin_per_hour", low=4000.0, high=6000.0),
    ]
    own = np.array([1.0, 5000.0])
    found = annual_loss_at(given, inputs, own, now, design.rates, lives)
    assert found == pytest.approx(float(design.rates @ losses.loss), rel=1e-12)
    assert found != pytest.approx(float(losses.loss.mean()), rel=0.05)
    twice = annual_loss_at(given, inputs, own * [2.0, 1.0], now, design.rates, lives)
    assert twice == pytest.approx(2.0 * found, rel=1e-12)


def test_the_costliest_and_the_shortest_way_are_told() -> None:
    design = design_of(study())
    lives = Lives(study=design.study, live=live)
    now = design.campaigns(design.nothing_changed)
    losses = lives.losses([now])[0]
    acting = np.flatnonzero(losses.acts)
    used = np.zeros((len(design.attack.leaves), len(losses.acts)), bool)
    used[:, acting] = design.ways(acting)
    scale = Scale.of(design.rates, 250.0, np.ones(len(design.rates), bool))
    every = list(ways_of(design, now, losses, used, scale))
    told = figures().ways
    assert min(way.median_d for way in told) == min(way.median_d for way in every)
    assert max(way.annual_loss for way in told) == max(way.annual_loss for way in every)
    assert told[0] == every[0]
    assert len(told) < len(every)


def test_controls_that_are_all_there_cost_most_and_lose_least() -> None:
    options = figures().options
    most = max(options, key=lambda option: len(option.controls))
    least = min(options, key=lambda option: option.annual_loss.value)
    assert most.annual_loss.value == pytest.approx(least.annual_loss.value, rel=1e-9)
    assert options[0].controls == () or options[0].cost_per_year == 0.0
    best = [option for option in options if option.best]
    assert [one.annual_loss.value for one in best] == sorted(
        (one.annual_loss.value for one in best), reverse=True
    )

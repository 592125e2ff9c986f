"""What fields alone cannot tell: names that must exist, shares, values that fit the plant."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from otsim.config import tree_shape
from otsim.config.action_checks import action_problems, use_of
from otsim.config.architecture.architecture_checks import architecture_problems
from otsim.config.architecture.attack_techniques import shipped_techniques
from otsim.config.attack_tree import AttackTree
from otsim.config.loss_checks import fragility_problems
from otsim.config.plant_points import PLANT_POINTS, WATER_NETWORK, PlantPoints
from otsim.config.problems import Problem, did_you_mean
from otsim.config.study import Study
from otsim.config.study_points import points_of

__all__ = ["study_problems"]

_SHARE_TOLERANCE = 1e-6
_LEAST_POINTS = 8  # of a net
_NAMING = (("plant", "model"), ("plant", "inp"), ("plant", "water"))  # what points hang on


def study_problems(study: Study) -> list[Problem]:
    """Find every fault in a study whose fields are each valid, apart from its uncertain inputs."""
    found = [*_attacker_problems(study), *_draw_problems(study)]
    of_plant = [*_own_problems(study)]
    if of_plant and of_plant[0][0][:2] in (
        ("plant", "model"),
        ("plant", "inp"),
        ("plant", "water"),
    ):
        # without its points nothing more can be checked
        return [*_attack_problems(study, None), *found, *of_plant]
    points = points_of(study.plant)
    names = [*points.by_name, *(link.name for link in points.links)]
    found = [*_attack_problems(study, names), *found, *of_plant]
    if points.family == "process":
        found += _plant_problems(study, points)
    for name, goal in study.attack.goals.items():
        for i, action in enumerate(goal.actions):
            place = ("attack", "goals", name, "actions", i)
            found += action_problems(points, use_of(action), place)
    found += fragility_problems(study.loss, points)
    return found


def _own_problems(study: Study) -> Iterator[Problem]:
    """Find what does not fit the kind of plant, an unknown one first."""
    from otsim.config import water_checks

    known, model = [*PLANT_POINTS, WATER_NETWORK], study.plant.model
    if model not in known:
        yield ("plant", "model"), f"unknown plant {model!r} ({did_you_mean(model, known)})"
    elif model != WATER_NETWORK:
        yield from water_checks.process_problems(study)
    elif study.plant.inp is None:
        message = "inp is missing; add the EPANET file of the network, such as inp: network.inp"
        yield ("plant", "inp"), message
    else:
        from otsim.config.epanet import parse_network

        yield from water_checks.water_problems(study, parse_network(study.plant.inp, "plant.inp"))


def _attack_problems(study: Study, points: Collection[str] | None) -> Iterator[Problem]:
    """Find faults of the tree or the architecture; those of a graph come when it is made."""
    attack = study.attack
    if attack.architecture is not None:
        found = architecture_problems(attack.architecture, points, shipped_techniques())
        yield from ((("attack", "architecture", *place), message) for place, message in found)
        if study.simulation.draws == "sobol":
            message = "a graph draws more numbers than a net has; use draws: independent"
            yield ("simulation", "draws"), message
    elif attack.tree is None:
        yield ("attack",), "tree is missing; add tree or architecture, such as tree: tree.yaml"
    else:
        yield from _tree_problems(study, attack.tree)


def _tree_problems(study: Study, tree: AttackTree) -> Iterator[Problem]:
    faults = tree_shape.problems(tree, need_entry=True)
    yield from ((("attack", "tree", *place), message) for place, message in faults)
    tried = set(tree.nodes) if faults else tree_shape.attacker_nodes(tree)
    for name, goal in study.attack.goals.items():
        place = ("attack", "goals", name, "needs")
        if not goal.needs:
            yield place[:-1], "needs is missing; name nodes of the tree that must fall"
        yield from tree_shape.unknown_nodes(tree, goal.needs, place, hint=not faults)
        for i, need in enumerate(goal.needs):
            if need in tree.nodes and need not in tried:
                message = f"{need!r} is a countermeasure; name a step of the attacker"
                yield (*place, i), message


def _attacker_problems(study: Study) -> Iterator[Problem]:
    attackers = study.attackers
    total = math.fsum(profile.share for profile in attackers.profiles.values())
    if abs(total - 1.0) > _SHARE_TOLERANCE:
        message = f"the shares of the profiles add up to {total:.6g}, not to 1; change them"
        yield ("attackers", "profiles"), message
    yield from _motive_problems(study)
    frequency = attackers.frequency
    clusters = frequency.distribution == "negative_binomial"
    if clusters and frequency.dispersion is None:
        message = "negative_binomial needs dispersion; add it, such as dispersion: 2.5"
        yield ("attackers", "frequency", "distribution"), message
    if not clusters and frequency.dispersion is not None:
        message = "dispersion is for distribution: negative_binomial; remove it or change that"
        yield ("attackers", "frequency", "dispersion"), message


def _motive_problems(study: Study) -> Iterator[Problem]:
    for name, profile in study.attackers.profiles.items():
        place = ("attackers", "profiles", name, "motive")
        motive = profile.motive
        if motive is None:
            continue
        for goal in motive:
            if goal not in study.attack.goals:
                hint = did_you_mean(goal, study.attack.goals)
                yield (*place, goal), f"no goal is named {goal!r} ({hint})"
        if max(motive.values(), default=0.0) <= 0.0:
            yield place, "no goal has a weight above 0; give one, or leave motive out"


def _draw_problems(study: Study) -> Iterator[Problem]:
    """A net of Sobol points is even only if it is whole."""
    given = study.simulation
    if given.draws != "sobol":
        return
    if not _is_power_of_two(given.replicates):
        message = f"{given.replicates} is no power of two; use 8, 16 or 32"
        yield ("simulation", "replicates"), message
        return
    least = given.replicates * _LEAST_POINTS
    if not _is_power_of_two(given.twins) or given.twins < least:
        above = 1 << given.twins.bit_length()
        wanted = [least] if above <= least else [above // 2, above]
        message = (
            f"{given.twins} twins make no whole nets of Sobol points; with {given.replicates} "
            f"replicates use a power of two from {least} on, such as "
            f"{' or '.join(map(str, wanted))}, or draws: independent"
        )
        yield ("simulation", "twins"), message


def _is_power_of_two(number: int) -> bool:
    return number & (number - 1) == 0


def _plant_problems(study: Study, points: PlantPoints) -> Iterator[Problem]:
    idv = study.plant.disturbances.idv
    for i, number in enumerate(idv):
        place = ("plant", "disturbances", "idv", i)
        if number not in points.disturbances:
            first, last = points.disturbances[0], points.disturbances[-1]
            yield place, f"there is no disturbance {number}; the plant has {first} to {last}"
        elif number in idv[:i]:
            yield place, f"disturbance {number} is named twice; name it once"
    for vessel, name in points.rupture_signals.items():
        signal = points.by_name[name]
        mean = getattr(study.plant.rupture, vessel).mean
        if signal.trip_high is not None and mean <= signal.trip_high:
            message = (
                f"ruptures at {mean:.4g} {signal.unit} on average, not above the trip limit of "
                f"{signal.trip_high:.4g}; check the unit"
            )
            yield ("plant", "rupture", vessel), message

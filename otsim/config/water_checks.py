"""Checks of a water network's study: every name must stand in its EPANET file."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from otsim.config.epanet import WaterNetwork
from otsim.config.problems import Problem, did_you_mean
from otsim.config.study import Study
from otsim.config.study_water import Water
from otsim.config.yaml_lines import Step

__all__ = ["process_problems", "water_problems"]

_PLACE = ("plant", "water")
_IDLE = {
    "plant": ("integration", "disturbances", "safety", "rupture"),
    "loss": ("restart_h", "offspec_product_per_m3", "destroyed"),
}
_OBSERVED = {"pressure": "junction", "flow": "link"}


def process_problems(study: Study) -> Iterator[Problem]:
    """Find what belongs to water networks in the study of another plant, and what it lacks."""
    for key in ("inp", "water"):
        if getattr(study.plant, key) is not None:
            yield ("plant", key), f"is for water_network, not for {study.plant.model}; remove it"
    if study.loss.water is not None:
        yield ("loss", "water"), f"is for water_network, not for {study.plant.model}; remove it"
    for key, example in (("margin_per_hour", "21000"), ("restart_h", "18")):
        if getattr(study.loss, key) is None:
            yield ("loss",), f"{key} is missing; add it, such as {key}: {example}"


def water_problems(study: Study, network: WaterNetwork) -> Iterator[Problem]:
    """Find names that the network does not have, and what no network can do."""
    water = study.plant.water or Water()
    yield from _controller_problems(water, network)
    yield from _zone_problems(water, network)
    for i, name in enumerate(water.observe):
        yield from _observed_problems(name, network, (*_PLACE, "observe", i))
    tanks = {tank.name: tank for tank in network.tanks}
    for name, limits in water.alarms.items():
        place = (*_PLACE, "alarms", name)
        if name not in tanks:
            yield place, f"the network has no tank {name!r} ({did_you_mean(name, tanks)})"
        elif limits.low is not None and limits.high is not None and limits.low >= limits.high:
            yield (*place, "high"), f"is {limits.high:g}, not above low ({limits.low:g}); raise it"
    yield from _idle_problems(study)
    if study.defence.response and study.defence.response.action == "shut_down":
        message = "a water network cannot be shut down; use isolate or restore"
        yield ("defence", "response", "action"), message
    yield from _action_problems(study)


def _idle_problems(study: Study) -> Iterator[Problem]:
    """Find what is given for other plants alone: a network would ignore it."""
    for block, keys in _IDLE.items():
        given = getattr(study, block)
        for key in keys:
            if getattr(given, key) != type(given).model_fields[key].default:
                yield (block, key), "is not for a water network; remove it"


def _controller_problems(water: Water, network: WaterNetwork) -> Iterator[Problem]:
    tanks = [tank.name for tank in network.tanks]
    taken: dict[tuple[str, str], str] = {}
    for name, controller in water.controllers.items():
        for key, known, what in (
            ("operates", list(network.links), "link"),
            ("measures", tanks, "tank"),
        ):
            for i, one in enumerate(getattr(controller, key)):
                place = (*_PLACE, "controllers", name, key, i)
                if one not in known:
                    yield place, f"the network has no {what} {one!r} ({did_you_mean(one, known)})"
                other = taken.setdefault((key, one), name)
                if other != name:
                    yield place, f"{what} {one} is {other}'s already; name it once"


def _zone_problems(water: Water, network: WaterNetwork) -> Iterator[Problem]:
    known = [junction.name for junction in network.junctions]
    taken: dict[str, str] = {}
    for zone, junctions in water.zones.items():
        for i, one in enumerate(junctions):
            place = (*_PLACE, "zones", zone, i)
            if one not in known:
                yield place, f"the network has no junction {one!r} ({did_you_mean(one, known)})"
            other = taken.setdefault(one, zone)
            if other != zone:
                yield place, f"junction {one} is in zone {other} already; name it once"


def _observed_problems(
    name: str, network: WaterNetwork, place: tuple[Step, ...]
) -> Iterator[Problem]:
    kind, _, of = name.partition(".")
    known: Collection[str] = network.links
    if kind == "pressure":
        known = [junction.name for junction in network.junctions]
    if kind not in _OBSERVED or not of:
        yield place, f"{name!r} is no point; write pressure.JUNCTION or flow.LINK"
    elif of not in known:
        yield place, f"the network has no {_OBSERVED[kind]} {of!r} ({did_you_mean(of, known)})"


def _action_problems(study: Study) -> Iterator[Problem]:
    for name, goal in study.attack.goals.items():
        for i, action in enumerate(goal.actions):
            place = ("attack", "goals", name, "actions", i)
            if action.kind == "replay" and action.views != ("operator",):
                message = (
                    "a water network's controllers read no replay; write views: [operator], and "
                    "use hold or override on what controllers read"
                )
                yield (*place, "views"), message

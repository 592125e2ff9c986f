"""Single points: assets whose fall suffices for a goal, and what every way to a goal passes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from otsim.architecture.graph.reachable import Shape, shapes_of
from otsim.architecture.graph.read_rules import shipped_rules
from otsim.review.findings import Finding, FindingKind, Item
from otsim.review.reviewed_network import ReviewedNetwork
from otsim.review.weak_spots.needed_items import items_on_every_way

__all__ = ["KINDS", "Climber", "findings"]

SUFFICES = FindingKind(
    id="OTS-SINGLE-POINT",
    name="Single point that suffices",
    help="Whoever holds this one asset needs no other for a goal. Weighed as if the asset could "
    "not be touched.",
    sort="structure",
    level="warning",
    mitigation="M0930",
)
EVERY_WAY = FindingKind(
    id="OTS-ON-EVERY-WAY",
    name="On every way to a goal",
    help="Without it the goal cannot fall, whatever else the attacker holds: the best place for a "
    "control. Assets that the goal itself names are left out.",
    sort="structure",
    level="note",
    mitigation=None,
)
KINDS = (SUFFICES, EVERY_WAY)


def findings(network: ReviewedNetwork) -> Iterator[Finding]:
    """Find single points of both sorts."""
    shapes = shapes_of(network.graph.tree.nodes)
    climber = Climber(network, shapes)
    for asset in network.given.assets:
        goals = climber.goals_of(asset)
        if goals:
            yield _suffices(network, asset, goals)
    for item, goals in items_on_every_way(network, shapes).items():
        if not _is_target(network, item, goals):
            yield _every_way(network, item, goals)


class Climber:
    """Finds what falls to whoever holds one asset, by steps on that asset alone."""

    def __init__(self, network: ReviewedNetwork, shapes: Mapping[str, Shape]) -> None:
        """Take a network and the gates of its graph."""
        self.network = network
        self.shapes = shapes
        self.parents: dict[str, list[str]] = {}
        for name, (_, children, _) in shapes.items():
            for child in children:
                self.parents.setdefault(child, []).append(name)
        self.own: dict[str | None, list[str]] = {}
        for leaf, step in network.graph.steps.items():
            if leaf in shapes and shapes[leaf][2] == 0 and not network.graph.tree.nodes[leaf].entry:
                self.own.setdefault(step.items.get("asset"), []).append(leaf)

    def goals_of(self, asset: str) -> tuple[str, ...]:
        """Return the goals for which one asset suffices; none if it cannot be held."""
        states = (f"{asset}.{state}" for state in shipped_rules().states)
        held = [state for state in states if state in self.shapes]
        if not held:
            return ()
        fallen = self._above([*held, *self.own.get(asset, ()), *self.own.get(None, ())])
        return _fallen(self.network, fallen)

    def _above(self, ready: Sequence[str]) -> set[str]:
        """What falls once some nodes have fallen; only what they lead to is looked at."""
        fallen, stack = set(ready), list(ready)
        lacking: dict[str, int] = {}
        while stack:
            for parent in self.parents.get(stack.pop(), ()):
                lacking[parent] = lacking.get(parent, self.shapes[parent][2]) - 1
                if lacking[parent] == 0 and parent not in fallen:
                    fallen.add(parent)
                    stack.append(parent)
        return fallen


def _fallen(network: ReviewedNetwork, fallen: Collection[str]) -> tuple[str, ...]:
    return tuple(
        goal for goal, needs in network.graph.needs.items() if all(node in fallen for node in needs)
    )


def _suffices(network: ReviewedNetwork, asset: str, goals: tuple[str, ...]) -> Finding:
    return network.finding(
        SUFFICES,
        asset,
        title=f"{network.called('asset', asset)} alone suffices for "
        + (f"“{network.goal_title(goals[0])}”" if len(goals) == 1 else f"{len(goals)} goals"),
        items=[Item(kind="asset", name=asset), *(Item(kind="goal", name=goal) for goal in goals)],
        evidence="" if len(goals) == 1 else f"Goals: {_listed(network, goals)}.",
        recommendation="Let one asset write fewer points, check its commands elsewhere (limits in "
        "the controller, a second person), or harden it first.",
        absent=network.steps_using("asset", asset),
    )


def _every_way(network: ReviewedNetwork, item: Item, goals: tuple[str, ...]) -> Finding:
    wanted = (
        f"“{network.goal_title(goals[0])}”"
        if len(goals) == 1
        else f"{len(goals)} of {len(network.graph.needs)} goals"
    )
    return network.finding(
        EVERY_WAY,
        f"{item.kind}/{item.name}",
        title=f"Every way to {wanted} uses {item.kind} {network.called(item.kind, item.name)}",
        items=[item, *(Item(kind="goal", name=goal) for goal in goals)],
        evidence="" if len(goals) == 1 else f"Goals: {_listed(network, goals)}.",
        recommendation="Watch it, and put controls here first: what is stopped here stops them "
        "all.",
        absent=network.steps_using(item.kind, item.name),
    )


def _listed(network: ReviewedNetwork, goals: tuple[str, ...]) -> str:
    return "; ".join(network.goal_title(goal) for goal in goals)


def _is_target(network: ReviewedNetwork, item: Item, goals: tuple[str, ...]) -> bool:
    """Whether the goals themselves name the asset, or one in the zone."""
    named = [set(network.given.goals[goal].assets) if goal in network.given.goals else set()
             for goal in goals]  # fmt: skip
    if item.kind == "asset":
        return all(item.name in assets for assets in named)
    return item.kind == "zone"  # that in which a goal lies is on every way to it

"""Rules and an architecture -> its attack graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from otsim.architecture.attack_graph import AttackGraph
from otsim.architecture.graph.guards import Guards
from otsim.architecture.graph.leaves import LeafMaker, highest_chance
from otsim.architecture.graph.network_facts import NetworkFacts, Row
from otsim.architecture.graph.reachable import Shape, possible
from otsim.architecture.graph.read_rules import shipped_rules
from otsim.architecture.graph.relations import RELATIONS
from otsim.architecture.graph.rule_checks import STATE_KINDS
from otsim.architecture.graph.rules import Rule, Rules
from otsim.config.architecture.architecture import Architecture, NetworkGoal
from otsim.config.architecture.attack_techniques import Techniques, shipped_techniques
from otsim.config.architecture.network import Asset
from otsim.config.attack_tree import Node
from otsim.config.plant_points import PLANT_POINTS, PlantPoints
from otsim.errors import ModelError

__all__ = ["attack_graph", "kinds_of_points"]


def attack_graph(
    architecture: Architecture,
    *,
    points: Collection[str] = (),
    rules: Rules | None = None,
    techniques: Techniques | None = None,
) -> AttackGraph:
    """Return every step that an attacker can take in an architecture, and what it leads to.

    Nodes that nothing can make fall are left out, and goals with them; `pruned` leaves out what
    leads to no goal. Names depend on what a node is about and on nothing else in the architecture.

    Args:
        architecture: a checked architecture.
        points: names of the plant's points in its order, or their kinds by name; `XMEAS*` stands
            for those of them that begin so. Kinds that are not given are those of otsim's plants.
        rules: how attackers move; those shipped if not given.
        techniques: the ATT&CK techniques that there are; those shipped if not given.

    Raises:
        ModelError: an asset bears a name that the graph uses for other states.
    """
    for name in architecture.assets:
        if name in (*STATE_KINDS, "goal"):
            message = "the attack graph uses this word for other states; rename the asset"
            raise ModelError(f"assets.{name}: {message}")
    facts = NetworkFacts(architecture, _kinds(architecture, points))
    rules = rules or shipped_rules()
    guards = Guards(architecture, techniques or shipped_techniques())
    draft = _Draft(facts, rules)
    draft.add_steps()
    draft.add_states()
    draft.add_goals()
    return draft.finished(LeafMaker(architecture, rules, guards))


def kinds_of_points(plant: PlantPoints) -> dict[str, str]:
    """Return the kind of each point of a plant, its links among them, for `attack_graph`."""
    kinds: dict[str, str] = {signal.name: signal.kind for signal in plant.signals}
    return kinds | {link.name: "link" for link in plant.links}


def _kinds(given: Architecture, points: Collection[str]) -> Mapping[str, str]:
    if isinstance(points, Mapping):
        return points
    known = {
        name: kind
        for plant in PLANT_POINTS.values()
        for name, kind in kinds_of_points(plant).items()
    }
    return {name: known.get(name, "other") for name in points or _points_named(given)}


def _points_named(given: Architecture) -> Iterator[str]:
    """The points that an architecture names one by one."""
    holders: Iterable[Asset | NetworkGoal] = chain(given.assets.values(), given.goals.values())
    for holder in holders:
        for _, names in holder.points:
            yield from (name for name in names if not name.endswith("*"))


@dataclass
class _Draft:
    """A graph in the making.

    Attributes:
        shapes: the gates by name; leaves are there with their rule alone.
        leaves: for each leaf its rule and its row.
        gained: for each state the nodes that gain it.
    """

    facts: NetworkFacts
    rules: Rules
    shapes: dict[str, Shape] = field(default_factory=dict)
    leaves: dict[str, tuple[str, Row]] = field(default_factory=dict)
    gained: dict[str, list[str]] = field(default_factory=dict)

    def add_steps(self) -> None:
        """Make each rule for each row that fits."""
        rows: dict[str, list[Row]] = {}
        for name, rule in self.rules.rules.items():
            if rule.over not in rows:
                rows[rule.over] = list(RELATIONS[rule.over].rows(self.facts))
            for row in _fitting(rule, rows[rule.over], self.rules):
                self._add_step(name, rule, row)

    def _add_step(self, name: str, rule: Rule, row: Row) -> None:
        leaf = "/".join((name, *(str(row[key]) for key in RELATIONS[rule.over].keys)))
        if leaf in self.leaves:
            return
        self.leaves[leaf] = name, row
        never = highest_chance(rule, row) <= 0.0
        self.shapes[leaf] = "LEAF", (), 1 if never else 0
        needs = list(dict.fromkeys(need.format_map(row) for need in rule.needs))
        step = leaf
        if len(needs) > 1:
            self.shapes[f"{leaf}:ready"] = "AND", needs, len(needs)
            needs = [f"{leaf}:ready"]
        if needs:
            step = f"{leaf}:done"
            self.shapes[step] = "SAND", [*needs, leaf], 2
        self.gained.setdefault(rule.gains.format_map(row), []).append(step)

    def add_states(self) -> None:
        """Add what holds a state: steps that gain it, and other states that bring it along."""
        for name, row in self.facts.assets.items():
            for state, others in self.rules.states.items():
                for other in others:
                    self._gain(f"{name}.{state}", f"{name}.{other}")
            self._gain(f"zone.{row['zone']}", f"{name}.net")
            for service in self.facts.services_of[name]:
                self._gain(f"visible.{name}", f"reach.{service}")
                self._gain(f"reach.{service}", f"zone.{row['zone']}")
            if not self.facts.services_of[name]:
                self._gain(f"visible.{name}", f"zone.{row['zone']}")
        for state, ways in self.gained.items():
            self.shapes[state] = "OR", ways, 1

    def add_goals(self) -> None:
        """Add for each goal what it takes, all of it."""
        for name in self.facts.given.goals:
            wanted = self._wanted(name)
            self.shapes[f"goal.{name}"] = "AND", wanted, len(wanted)

    def _gain(self, state: str, way: str) -> None:
        self.gained.setdefault(state, []).append(way)

    def _wanted(self, goal: str) -> list[str]:
        """The states that a goal takes."""
        given = self.facts.given.goals[goal]
        wanted = [f"{asset}.{state}" for asset, state in given.assets.items()]
        for access, names in given.points:
            wanted += [f"{access}.{point}" for point in self.facts.points(names)]
        return wanted or ["nothing"]  # a star that stands for no point: it cannot fall

    def finished(self, maker: LeafMaker) -> AttackGraph:
        """Leave out what cannot fall, and make the rest."""
        can = possible(self.shapes)
        nodes, steps = {}, {}
        for name, (gate, children, _) in self.shapes.items():
            done = f"{name.removesuffix(':ready')}:done"
            if (done if done in self.shapes else name) not in can:
                continue  # a leaf could fall, but nobody gets as far
            if gate == "LEAF":
                nodes[name], steps[name] = maker.leaf(*self.leaves[name])
            else:
                nodes[name] = Node(gate=gate, children=[one for one in children if one in can])
        goals = {name: f"goal.{name}" for name in self.facts.given.goals}
        needs = {name: node for name, node in goals.items() if node in can}
        return AttackGraph(nodes=nodes, steps=steps, needs=needs)


def _fitting(rule: Rule, rows: list[Row], rules: Rules) -> Iterator[Row]:
    when = [(field, rules.values(wanted)) for field, wanted in rule.when.items()]
    unless = [(field, rules.values(wanted)) for field, wanted in rule.unless.items()]
    for row in rows:
        if all(row[field] in wanted for field, wanted in when) and not (
            unless and all(row[field] in wanted for field, wanted in unless)
        ):
            yield row

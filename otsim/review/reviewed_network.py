"""The network under review: its architecture, its attack graph, and words for both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from otsim.architecture.attack_graph import COLLECTION_OF, Step
from otsim.architecture.graph.network_facts import NetworkFacts
from otsim.architecture.graph.read_rules import shipped_rules
from otsim.attack.joined_graph import JoinedGraph, joined_graph
from otsim.attack.tree_program import leaf_names
from otsim.config.architecture.attack_techniques import shipped_techniques
from otsim.config.study import Study
from otsim.errors import ModelError
from otsim.review.findings import Finding, FindingKind, Item
from otsim.review.results import MENDING, Change
from otsim.review.way_finder import WayFinder

__all__ = ["COLLECTIONS_OF", "ReviewedNetwork"]

Bools = npt.NDArray[np.bool_]

COLLECTIONS_OF: dict[str, str] = {**COLLECTION_OF, "control": "controls", "goal": "goals"}
"""Where an architecture holds what a finding may be about."""

_NO_WAY = "No way to a goal of this study uses it now."
_MOST_TOLD = 6


class ReviewedNetwork:
    """Looks up items and steps, and makes findings of them."""

    def __init__(self, study: Study) -> None:
        """Take a study with an architecture.

        Raises:
            ModelError: it has none.
        """
        if study.attack.architecture is None:
            raise ModelError(
                "attack.architecture: a review needs the file of the plant's network; "
                "name one, as in configs/studies/te_design_review.yaml"
            )
        self.study = study
        self.given = study.attack.architecture
        self.graph: JoinedGraph = joined_graph(study)
        self.leaves = leaf_names(self.graph.tree)
        self.facts = NetworkFacts(self.given, {})

    @cached_property
    def ways(self) -> WayFinder:
        """Finds short ways through the graph."""
        return WayFinder(self.graph)

    @cached_property
    def asks_nothing(self) -> frozenset[str]:
        """The rules that hold only where a service asks for nothing."""
        rules = shipped_rules()
        return frozenset(
            name
            for name, rule in rules.rules.items()
            if "authentication" in rule.when
            and rules.values(rule.when["authentication"]) == {"none"}
        )

    @cached_property
    def engineering_protocols(self) -> frozenset[str]:
        """The protocols over which controllers are programmed."""
        return frozenset(shipped_rules().sets.get("engineering_protocols", ()))

    def title_of(self, kind: str, name: str) -> str | None:
        """Return what an item is, in words, if the file says so."""
        given = getattr(self.given, COLLECTIONS_OF[kind]).get(name)
        return getattr(given, "title", None)

    def called(self, kind: str, name: str) -> str:
        """Name an item so that people and files know it: `screen sharing (operator_1_vnc)`."""
        title = self.title_of(kind, name)
        return f"{title} ({name})" if title else name

    def technique_title(self, technique: str) -> str:
        """Name a technique: its id, and its name if it is known."""
        known = shipped_techniques().by_id.get(technique)
        return technique if known is None else f"{known.name} ({technique})"

    def goal_title(self, name: str) -> str:
        """Name a goal of the study."""
        goal = self.study.attack.goals.get(name)
        return (goal.title if goal is not None else None) or name.replace("_", " ")

    def level_of(self, zone: str) -> int:
        """Return the target security level of a zone."""
        return int(self.given.zones[zone].security_level)

    def zone_of(self, asset: str) -> str:
        """Return the zone of an asset."""
        return self.given.assets[asset].zone

    def home_of(self, service: str) -> str:
        """Return the zone of a service."""
        return self.zone_of(self.given.services[service].asset)

    def home_level(self, service: str) -> int:
        """Return the target security level of the zone of a service."""
        return self.level_of(self.home_of(service))

    def steps_using(self, kind: str, name: str) -> Bools:
        """Return which leaves are steps that use an item, bool[n_leaves]."""
        found = np.zeros(len(self.leaves), bool)
        found[self._leaves_using.get((kind, name), [])] = True
        return found

    @cached_property
    def _leaves_using(self) -> dict[tuple[str, str], list[int]]:
        found: dict[tuple[str, str], list[int]] = {}
        for i, leaf in enumerate(self.leaves):
            step = self.graph.steps.get(leaf)
            for kind, name in () if step is None else step.items.items():
                found.setdefault((kind, name), []).append(i)
        return found

    def steps_where(self, holds: Callable[[Step], bool]) -> Bools:
        """Return which leaves are steps of which something holds, bool[n_leaves]."""
        steps = [self.graph.steps.get(leaf) for leaf in self.leaves]
        return np.array([step is not None and holds(step) for step in steps], bool)

    def finding(  # noqa: PLR0913 - what a finding is made of
        self,
        kind: FindingKind,
        name: str,
        *,
        title: str,
        items: Iterable[Item],
        recommendation: str,
        absent: Bools,
        evidence: str = "",
    ) -> Finding:
        """Make a finding whose mending takes some steps away.

        Args:
            kind: its rule.
            name: of the finding.
            title, items, recommendation: as `Finding` has them.
            absent: bool[n_leaves], the steps that mending takes away.
            evidence: a sentence that comes before the way which it opens.
        """
        named = tuple(items)
        change = Change(
            kind=MENDING if kind.sort == "mend" else "structure",
            name=f"{kind.id}/{name}",
            title=title,
            absent=absent,
            controls={},
        )
        return Finding(
            kind=kind,
            name=name,
            title=title,
            items=named,
            evidence=" ".join(filter(None, [evidence, self._way_over(absent, kind, named)])),
            recommendation=recommendation,
            change=change if absent.any() else None,
        )

    def step_title(self, leaf: str) -> str:
        """Return what the attacker does, in words."""
        step = self.graph.steps.get(leaf)
        return step.title if step is not None else self.graph.tree.nodes[leaf].title or leaf

    def _way_over(self, absent: Bools, kind: FindingKind, items: Sequence[Item]) -> str:
        """Tell a short way over some steps, towards the finding's own goals if it has some."""
        chosen = {self.leaves[i] for i in np.flatnonzero(absent)}
        goals = [item.name for item in items if item.kind == "goal"]
        found = self.ways.through(chosen, goals or None)
        if found is None:
            return _NO_WAY
        told = "; ".join(self._told(found.steps, chosen))
        begins = "It opens a way" if kind.sort == "mend" else "A way over it leads"
        return f"{begins} towards “{self.goal_title(found.goal)}”, whose main line is: {told}."

    def _told(self, steps: Sequence[str], chosen: set[str]) -> list[str]:
        """The titles of the steps; of many, the first, those around what matters, and the last."""
        titles = [self.step_title(step) for step in steps]
        if len(steps) <= _MOST_TOLD:
            return titles
        at = next(i for i, step in enumerate(steps) if step in chosen)
        kept = sorted({0, *range(max(at - 1, 0), min(at + 2, len(steps))), len(steps) - 1})
        told: list[str] = []
        for before, i in zip([-1, *kept], kept, strict=False):
            told += ["…"] * (i > before + 1) + [titles[i]]
        return told

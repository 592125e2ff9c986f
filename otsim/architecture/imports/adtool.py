"""Attack-defence trees of ADTool as XML -> our attack trees."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from otsim.architecture.imports.xml_elements import Element, read_xml
from otsim.config import tree_shape
from otsim.config.attack_tree import AttackTree
from otsim.config.yaml_lines import one_line
from otsim.errors import ConfigError

__all__ = ["read_adtool"]

MAX_BYTES = 8_000_000
_GATES = {"disjunctive": "OR", "conjunctive": "AND", "sequential": "SAND"}
_KNOWN = ("label", "parameter", "comment", "node")
_LONGEST_NAME = 200
_PROBABILITY = "ProbSucc"  # how ADTool calls its domain of success probabilities


def read_adtool(path: str | Path, *, probabilities: str | None = None) -> AttackTree:
    """Read an attack-defence tree that ADTool wrote.

    A node with a countermeasure (`switchRole`) becomes a COUNTER. Leaves with one label are one
    step, as they are to ADTool, and so are sub-trees that are alike. Of the parameters, success
    probabilities are read; times and costs are not, since ADTool gives them no unit.

    Args:
        path: the file; `-` is standard input.
        probabilities: id of the domain of success probabilities; the first one named `ProbSucc...`
            if not given.

    Raises:
        ConfigError: every fault, a line `file:line:col: what; what to do` each.
    """
    root = read_xml(path, MAX_BYTES)
    if root.tag != "adtree" or len(root.named("node")) != 1:
        message = "need <adtree> with one <node> in it; export the tree from ADTool as XML"
        raise ConfigError(f"{root.place}: {message}")
    top = root.named("node")[0]
    builder = _Builder(probabilities or _probability_domain(top))
    name = builder.add(top, defends=False)
    nodes = dict(reversed(builder.nodes.items()))  # from the root to the leaves
    tree = AttackTree.model_validate({"roots": [name], "nodes": nodes})
    faults = tree_shape.problems(tree)
    if faults:
        raise ConfigError(*(f"{root.place.file}: {message}" for _, message in faults))
    return tree


class _Builder:
    """Turns elements into nodes, children first; alike nodes become one."""

    def __init__(self, domain: str | None) -> None:
        self.domain = domain
        self.nodes: dict[str, dict[str, Any]] = {}
        self._gates: dict[tuple[str, str, tuple[str, ...]], str] = {}
        self._leaves: dict[tuple[str, bool], str] = {}
        self._copies: dict[str, int] = {}

    def add(self, element: Element, *, defends: bool) -> str:
        """Add an element with all below it.

        Args:
            element: a `<node>`.
            defends: whether it is the defenders'.

        Returns:
            The name of the node that stands for it.
        """
        label, gate = _label(element), _gate(element)
        own = [node for node in element.named("node") if not _switches(node)]
        against = [node for node in element.named("node") if _switches(node)]
        children = [self.add(node, defends=defends) for node in own]
        counters = [self.add(node, defends=not defends) for node in against]
        if not counters:
            return self._body(element, gate, children, defends)
        counter = counters[0]
        if len(counters) > 1:
            counter = self._gate(f"any of {', '.join(counters)}", "OR", counters)
        if len(children) == 1 and gate == "OR":
            return self._gate(label, "COUNTER", [children[0], counter])
        body = self._body(element, gate, children, defends)
        return self._gate(f"{body}, unless {counter}", "COUNTER", [body, counter])

    def _body(self, element: Element, gate: str, children: list[str], defends: bool) -> str:
        """Add what the element is without its countermeasures: a gate or a leaf."""
        label = _label(element)
        if children:
            return self._gate(label, gate, children)
        name = self._leaves.get((label, defends))
        if name is None:
            name = self._free(label)
            self._leaves[label, defends] = name
            self.nodes[name] = {}
        probability = _probability(element, self.domain)
        if probability is not None:
            self.nodes[name]["probability"] = probability
        return name

    def _gate(self, wanted: str, gate: str, children: list[str]) -> str:
        """Add a gate, unless one of this label with these children is there already."""
        key = (wanted, gate, tuple(dict.fromkeys(children)))
        if key not in self._gates:
            name = self._free(one_line(wanted, _LONGEST_NAME))
            self.nodes[name] = {"gate": gate, "children": list(key[2])}
            self._gates[key] = name
        return self._gates[key]

    def _free(self, wanted: str) -> str:
        """Return a name that no node bears yet."""
        name = wanted
        while name in self.nodes:
            self._copies[wanted] = self._copies.get(wanted, 1) + 1
            name = f"{wanted} ({self._copies[wanted]})"
        return name


def _label(element: Element) -> str:
    for child in element.children:
        if child.tag not in _KNOWN:
            message = f"unknown element <{one_line(child.tag, 40)}>; is this ADTool's XML?"
            raise ConfigError(f"{child.place}: {message}")
    labels = element.named("label")
    text = " ".join(labels[0].text.split()) if len(labels) == 1 else ""
    if text and text.isprintable() and len(text) <= _LONGEST_NAME:
        return text
    message = f"a node needs one <label> of 1 to {_LONGEST_NAME} printable characters"
    raise ConfigError(f"{element.place}: {message}")


def _gate(element: Element) -> str:
    refinement = element.attributes.get("refinement", "disjunctive")
    if refinement in _GATES:
        return _GATES[refinement]
    known = ", ".join(_GATES)
    message = f"unknown refinement {one_line(refinement, 40)!r} (known: {known})"
    raise ConfigError(f"{element.place}: {message}")


def _switches(element: Element) -> bool:
    value = element.attributes.get("switchRole", "no")
    if value in ("yes", "no"):
        return value == "yes"
    message = f"switchRole is {one_line(value, 40)!r}, but must be yes or no"
    raise ConfigError(f"{element.place}: {message}")


def _probability_domain(top: Element) -> str | None:
    stack = [top]
    while stack:
        element = stack.pop()
        for parameter in element.named("parameter"):
            domain = parameter.attributes.get("domainId", "")
            if domain.startswith(_PROBABILITY):
                return domain
        stack.extend(reversed(element.named("node")))
    return None


def _probability(element: Element, domain: str | None) -> float | None:
    for parameter in element.named("parameter"):
        if domain is None or parameter.attributes.get("domainId") != domain:
            continue
        try:
            value = float(parameter.text)
        except ValueError:
            value = math.nan
        if 0.0 <= value <= 1.0:
            return value
        shown = one_line(parameter.text.strip(), 40)
        message = f"{domain} is {shown!r}, but a probability lies within 0 and 1"
        raise ConfigError(f"{parameter.place}: {message}")
    return None

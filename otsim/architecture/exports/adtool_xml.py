"""Attack trees -> attack-defence trees in the XML of ADTool."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from xml.sax.saxutils import escape

from otsim.config.attack_tree import AttackTree, Node
from otsim.errors import ModelError

__all__ = ["adtool_xml"]

MAX_ELEMENTS = 50_000
MAX_DEPTH = 90  # a VOTE takes two levels, and the reader's limit is 200
MOST_SUBSETS = 500
_DOMAIN = "ProbSucc1"
_CLASS = "lu.uni.adtool.domains.adtpredefined.ProbSucc"
_REFINEMENTS = {"AND": "conjunctive", "SAND": "sequential"}


def adtool_xml(tree: AttackTree, root: str | None = None) -> str:
    """Return a tree as ADTool reads it.

    ADTool knows trees alone: what several parents share is written below each of them, under the
    same label. A VOTE becomes OR over the AND of each choice, which means the same. Probabilities
    are kept where they are one number; times, detection and techniques have no place there.

    Args:
        tree: a sound tree.
        root: the node at the top; may be left out if the tree has one root.

    Raises:
        ModelError: there is no such node, more than one root, or too much to write out.
    """
    writer = _Writer(tree)
    body = "\n".join(writer.lines(_top(tree, root), "", switched=False, depth=1))
    domain = ""
    if writer.has_probabilities:
        inside = f"    <class>{_CLASS}</class>\n    <tool>ADTool2</tool>\n"
        domain = f'  <domain id="{_DOMAIN}">\n{inside}  </domain>\n'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<adtree>\n{body}\n{domain}</adtree>\n'


def _top(tree: AttackTree, root: str | None) -> str:
    if root is not None and root not in tree.nodes:
        raise ModelError(f"the tree has no node {root!r}; name one of its nodes")
    names = tree.root_names
    if root is None and len(names) != 1:
        known = ", ".join(names[:5])
        raise ModelError(f"the tree has {len(names)} roots ({known}); name the one to write")
    return root if root is not None else names[0]


class _Writer:
    """Writes nodes one below the other, counting what it writes."""

    def __init__(self, tree: AttackTree) -> None:
        self.nodes = tree.nodes
        self.n_elements = 0
        self.has_probabilities = False

    def lines(self, name: str, label: str, *, switched: bool, depth: int) -> Iterator[str]:
        """Write a node and all below it.

        Args:
            name: the node.
            label: what to call it; its name if empty.
            switched: whether it counters its parent.
            depth: how deep it stands, the top being 1.
        """
        node = self.nodes[name]
        pad = self._count(name, depth)
        role = ' switchRole="yes"' if switched else ""
        refinement = _REFINEMENTS.get(node.gate, "disjunctive")
        yield f'{pad}<node refinement="{refinement}"{role}>'
        yield f"{pad}  <label>{escape(label or name)}</label>"
        yield from self._parameter(node, pad)
        if node.gate == "VOTE":
            yield from self._choices(name, node, depth)
        else:
            for i, child in enumerate(node.children):
                counters = node.gate == "COUNTER" and i == 1
                yield from self.lines(child, "", switched=counters, depth=depth + 1)
        yield f"{pad}</node>"

    def _choices(self, name: str, node: Node, depth: int) -> Iterator[str]:
        count = node.k or 1
        n_subsets = math.comb(len(node.children), count)
        if n_subsets > MOST_SUBSETS:
            message = (
                f"{name!r} has {n_subsets} choices of {count} children; at most {MOST_SUBSETS}"
            )
            raise ModelError(f"{message} can be written, so split it up")
        for chosen in combinations(node.children, count):
            pad = self._count(name, depth + 1)
            yield f'{pad}<node refinement="conjunctive">'
            yield f"{pad}  <label>{escape(' and '.join(chosen))}</label>"
            for child in chosen:
                yield from self.lines(child, "", switched=False, depth=depth + 2)
            yield f"{pad}</node>"

    def _parameter(self, node: Node, pad: str) -> Iterator[str]:
        probability = node.probability
        if node.gate == "LEAF" and isinstance(probability, float) and probability != 1.0:
            self.has_probabilities = True
            start = f'<parameter domainId="{_DOMAIN}" category="basic">'
            yield f"{pad}  {start}{probability!r}</parameter>"

    def _count(self, name: str, depth: int) -> str:
        """Count one more element and return its indentation."""
        self.n_elements += 1
        if self.n_elements > MAX_ELEMENTS:
            message = f"more than {MAX_ELEMENTS} nodes once written out as a tree"
            raise ModelError(f"{message}; write a part of it, such as root={name!r}")
        if depth > MAX_DEPTH:
            raise ModelError(f"{name!r} stands deeper than {MAX_DEPTH} levels; write a part of it")
        return "  " * depth

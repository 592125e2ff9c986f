"""When a node of a tree falls, by whichever engine fits.

Exponential steps make a Markov process, which holds any sharing of nodes. Other times are added
and compared as independent ones, once shared beginnings are taken out. Times of a few values each
are worked through outcome by outcome. What none of them holds is left to the sampler.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product

from otsim.attack.exact.finite_times import finite_law, finite_times
from otsim.attack.exact.laws import Law, mixed, thinned
from otsim.attack.exact.measured_tree import MeasuredTree
from otsim.attack.exact.phase_process import TooManyStatesError, phase_process
from otsim.attack.exact.phase_states import operands_first
from otsim.attack.exact.phase_times import PhaseTimes
from otsim.attack.exact.phases import Stages, stages_of
from otsim.attack.exact.tree_expressions import NotIndependentError, TreeExpressions
from otsim.attack.exact.tree_laws import ExpressionLaws, shared_leaves
from otsim.attack.tree_values import Value, Values, tree_values

__all__ = ["phase_steps", "time_law", "worlds"]

MOST_CONDITIONS = 8  # leaves whose existence is assumed in turn

Ask = Callable[[TreeExpressions], Sequence[int]]


def time_law(tree: MeasuredTree, node: str) -> Law:
    """Return the law of the time at which a node falls, from the start of the attack.

    Raises:
        ModelError: the node's steps are neither exponential nor independent enough.
    """
    values = tree_values(tree.shape)
    target: Value = ("time", node)
    steps = phase_steps(tree, values, [target])
    if steps is not None:
        try:
            times = PhaseTimes(phase_process(values, target, steps))
            return times.law() if not times.is_stiff else _law_of_stiff(tree, node, times)
        except TooManyStatesError:
            pass
    return _independent_law(tree, node)


def phase_steps(
    tree: MeasuredTree, values: Values, targets: Sequence[Value]
) -> dict[str, tuple[Stages, float]] | None:
    """Return stages and chances of the leaves on which targets depend.

    None if one of their times is not made of exponential stages.
    """
    found: dict[str, tuple[Stages, float]] = {}
    for value in operands_first(values, [values.resolved(target) for target in targets]):
        if value[0] in ("leaf", "exists"):
            name = str(value[1])
            stages = () if value[0] == "exists" else stages_of(tree.time_of(name))
            if stages is None:
                return None
            found[name] = (stages or found.get(name, ((), 0.0))[0], float(tree.chance_of(name)))
    return found


def worlds(
    tree: MeasuredTree, ask: Ask, exists: Mapping[str, bool] | None = None
) -> list[tuple[float, TreeExpressions]]:
    """Return expressions of a tree in which all that is asked about is made of independent parts.

    Where parts share no more than the existence of leaves, these are taken as there and as not
    there in turn.

    Args:
        tree: the tree.
        ask: from the expressions of a tree to the numbers of those that must not share a leaf.
        exists: what is already known of the existence of leaves.

    Returns:
        Pairs of a probability and the expressions that then hold.

    Raises:
        NotIndependentError: parts still share a leaf.
    """
    known = dict(exists or {})
    expressions = TreeExpressions(tree, exists=known)
    shared = {name for number in ask(expressions) for name in shared_leaves(expressions, number)}
    if not shared:
        return [(1.0, expressions)]
    doubtful = [name for name in sorted(shared) if _would_help(expressions, name)]
    if not doubtful or len(doubtful) + len(known) > MOST_CONDITIONS:
        raise NotIndependentError(
            "no exact answer here: branches that wait for each other share "
            f"{', '.join(sorted(shared)[:3])}, whose times are not exponential; sample the tree"
        )
    found = []
    for there in product((False, True), repeat=len(doubtful)):
        more = dict(zip(doubtful, there, strict=True))
        chance = math.prod(_chance(tree, name, more[name]) for name in doubtful)
        below = worlds(tree, ask, {**known, **more}) if chance > 0.0 else []
        found += [(chance * part, each) for part, each in below]
    return found


def _independent_law(tree: MeasuredTree, node: str) -> Law:
    try:
        found = worlds(tree, lambda expressions: [expressions.time(node)])
    except NotIndependentError:
        outcomes = finite_times(tree, [("time", node)])
        if outcomes is None:
            raise
        return finite_law(outcomes)
    laws = [(chance, ExpressionLaws(each).law(each.time(node))) for chance, each in found]
    return mixed([thinned(law, chance) for chance, law in laws]) if len(laws) > 1 else laws[0][1]


def _would_help(expressions: TreeExpressions, leaf: str) -> bool:
    """Tell whether to know of a leaf's existence leaves less that is random."""
    existence = expressions.table.holds("exists", leaf)
    return 0 < expressions.chance(leaf) < 1 and (existence or expressions.has_fixed_time(leaf))


def _law_of_stiff(tree: MeasuredTree, node: str, times: PhaseTimes) -> Law:
    """Return the law of very fast and very slow steps, which only sharing needs a process for."""
    try:
        return _independent_law(tree, node)
    except NotIndependentError:
        return times.law()


def _chance(tree: MeasuredTree, leaf: str, there: bool) -> float:
    chance = tree.chance_of(leaf)
    return float(chance if there else 1 - chance)

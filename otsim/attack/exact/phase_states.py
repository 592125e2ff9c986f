"""States of an attack in progress: what has fallen, what may still fall, what still matters.

The values are those of `otsim.attack.tree_values`, the sampler's own: the start and the time of
every node, as minimum, maximum and sum of others. At any moment a value has arrived, or may still
arrive, or never will. Starts that depend on each other in a ring arrive only if something outside
the ring brings one of them about: arrivals are counted up from nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from otsim.attack.exact.phases import Stages
from otsim.attack.tree_values import Value, Values

__all__ = [
    "ARRIVED",
    "OPEN",
    "Codes",
    "Network",
    "Situation",
    "first_codes",
    "network",
    "operands_first",
    "settled",
]

UNDECIDED, DEAD = -2, -1
"""Codes of a step that may turn out not to exist, and of one that does not; else stages done."""

NEVER, ARRIVED, OPEN = range(3)
_UNSEEN = 9

Codes = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Network:
    """The values that some targets depend on, by number, operands before what they make.

    Attributes:
        targets: the values asked about.
        operations: by value, how it follows from its operands: min, max, add, unless; or leaf,
            exists, zero.
        operands: by value; of a leaf, its number among the steps.
        stages: by step, the rates of its stages.
        chance: by step, the probability that it exists.
    """

    targets: tuple[int, ...]
    operations: tuple[str, ...]
    operands: tuple[tuple[int, ...], ...]
    stages: tuple[Stages, ...]
    chance: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What the codes of the steps mean.

    Attributes:
        status: by value, `NEVER`, `ARRIVED` or `OPEN`.
        running: steps under way that matter, undecided ones first.
        key: equal for situations from which all goes on alike.
    """

    status: tuple[int, ...]
    running: tuple[int, ...]
    key: tuple[int, ...]


def network(
    values: Values, targets: Sequence[Value], steps: Mapping[str, tuple[Stages, float]]
) -> Network:
    """Number the values that the targets depend on.

    Args:
        values: those of the tree.
        targets: what is asked about.
        steps: by leaf, its stages and the probability that it exists.
    """
    names = list(steps)
    order = operands_first(values, [values.resolved(target) for target in targets])
    number = {value: i for i, value in enumerate(order)}
    operations, operands = [], []
    for value in order:
        definition = values.definitions.get(value)
        if definition is not None:
            operations.append(str(definition.operation))
            operands.append(tuple(number[each] for each in definition.operands))
        else:
            operations.append(str(value[0]))
            operands.append((names.index(str(value[1])),) if len(value) > 1 else ())
    return Network(
        targets=tuple(number[values.resolved(target)] for target in targets),
        operations=tuple(operations),
        operands=tuple(operands),
        stages=tuple(stages for stages, _ in steps.values()),
        chance=tuple(chance for _, chance in steps.values()),
    )


def first_codes(net: Network) -> Iterator[tuple[float, Codes]]:
    """List how the attack may begin: steps that countermeasures need exist or do not, by chance."""
    at_once = {
        net.operands[i][0] for i, operation in enumerate(net.operations) if operation == "exists"
    }
    ways: list[tuple[float, Codes]] = [(1.0, ())]
    for step, chance in enumerate(net.chance):
        certain = {0.0: DEAD, 1.0: 0}.get(chance)
        if certain is not None or step not in at_once:
            code = UNDECIDED if certain is None else certain
            ways = [(part, (*codes, code)) for part, codes in ways]
        else:
            ways = [
                (part * odds, (*codes, code))
                for part, codes in ways
                for odds, code in ((chance, 0), (1.0 - chance, DEAD))
            ]
    yield from ways


def settled(net: Network, codes: Codes) -> Iterator[tuple[float, Codes, Situation]]:
    """Decide for every step that has just been started whether it exists, in every way."""
    waiting = [(1.0, codes)]
    while waiting:
        part, codes = waiting.pop()
        found = situation(net, codes)
        step = next((each for each in found.running if codes[each] == UNDECIDED), None)
        if step is None:
            yield part, codes, found
            continue
        for odds, code in ((net.chance[step], 0), (1.0 - net.chance[step], DEAD)):
            waiting.append((part * odds, (*codes[:step], code, *codes[step + 1 :])))


def situation(net: Network, codes: Codes) -> Situation:
    """Find what has arrived, what still may, and which steps matter."""
    arrived, possible = _arrivals(net, codes)
    status = [OPEN if may and not has else has for has, may in zip(arrived, possible, strict=True)]
    wanted = _wanted(net, status)
    running, seen = set(), set(net.targets)
    for value in wanted:
        seen |= {value, *(net.operands[value] if net.operations[value] not in _GIVEN else ())}
        if net.operations[value] == "add":
            start, leaf = net.operands[value]
            if status[start] == ARRIVED:
                running.add(net.operands[leaf][0])
    shown = [each if i in seen else _UNSEEN for i, each in enumerate(status)]
    tried = {net.operands[value][0] for value in wanted if net.operations[value] == "leaf"}
    return Situation(
        status=tuple(status),
        running=tuple(sorted(running, key=lambda step: (codes[step] >= 0, step))),
        key=(*shown, *(codes[i] if i in tried else _UNSEEN for i in range(len(codes)))),
    )


_GIVEN = ("leaf", "exists", "zero", "never")


def operands_first(values: Values, targets: Sequence[Value]) -> list[Value]:
    """Order values and all that they are made of: operands first, except in rings of starts."""
    order: dict[Value, None] = {}
    entered: set[Value] = set()
    stack = [(target, False) for target in reversed(targets)]
    while stack:
        value, done = stack.pop()
        if done:
            order[value] = None
        elif value not in entered:
            entered.add(value)
            stack.append((value, True))
            definition = values.definitions.get(value)
            operands = () if definition is None else definition.operands
            stack += [(each, False) for each in operands if each not in entered]
    return list(order)


def _arrivals(net: Network, codes: Codes) -> tuple[list[bool], list[bool]]:
    """Return what has arrived, and what has or still may."""
    arrived = [False] * len(net.operations)
    possible = [False] * len(net.operations)
    changed = True
    while changed:
        changed = False
        for i, operation in enumerate(net.operations):
            if arrived[i] and possible[i]:
                continue
            before = arrived[i], possible[i]
            arrived[i], possible[i] = _status(net, codes, i, operation, (arrived, possible))
            changed |= before != (arrived[i], possible[i])
    return arrived, possible


def _status(
    net: Network,
    codes: Codes,
    value: int,
    operation: str,
    known: tuple[list[bool], list[bool]],
) -> tuple[bool, bool]:
    operands = net.operands[value]
    if operation == "zero":
        return True, True
    if operation == "never":
        return False, False
    if operation in ("leaf", "exists"):
        code, last = codes[operands[0]], len(net.stages[operands[0]])
        return code >= (last if operation == "leaf" else 0), code != DEAD
    if operation == "unless":
        first, second = operands
        stands = known[0][second]
        return known[0][first] and not stands, known[1][first] and not stands
    join = any if operation == "min" else all
    return join(known[0][each] for each in operands), join(known[1][each] for each in operands)


def _wanted(net: Network, status: Sequence[int]) -> list[int]:
    """Return the open values on which open targets still depend."""
    wanted: dict[int, None] = {}
    stack = [target for target in net.targets if status[target] == OPEN]
    while stack:
        value = stack.pop()
        if value in wanted:
            continue
        wanted[value] = None
        if net.operations[value] not in _GIVEN:
            stack += [each for each in net.operands[value] if status[each] == OPEN]
    return list(wanted)

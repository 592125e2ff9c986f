"""The values of a tree that somebody asks for, each in its simplest form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from otsim.attack.tree_values import ZERO, Definition, Value, Values

__all__ = ["needed_values"]


def needed_values(values: Values, wanted: Iterable[Value]) -> Values:
    """Drop what nobody asks for, and what is another value by a new name.

    Nothing is negative, so a minimum with time zero among its operands is time zero, a maximum can
    do without it, and also without a value when that value plus something is there as well. No
    result changes by a bit.

    Args:
        values: from `otsim.attack.tree_values.tree_values`.
        wanted: the values asked for.
    """
    aliases = dict(values.aliases)
    zero = _always_zero(values.definitions)
    aliases |= dict.fromkeys(zero, ZERO)
    simple = Values(definitions={}, aliases=aliases)
    for value, definition in values.definitions.items():
        if value not in zero:
            _simplify(simple, values.definitions, value, definition)
    definitions = {
        value: Definition(
            operation=definition.operation,
            operands=tuple(dict.fromkeys(map(simple.resolved, definition.operands)))
            if definition.operation in ("min", "max")
            else tuple(map(simple.resolved, definition.operands)),
        )
        for value, definition in simple.definitions.items()
    }
    needed = _below(definitions, [simple.resolved(value) for value in wanted])
    return Values(
        definitions={value: definitions[value] for value in definitions if value in needed},
        aliases=aliases,
    )


def _always_zero(definitions: Mapping[Value, Definition]) -> set[Value]:
    """Find the values that are time zero in every world, such as most starts."""
    users: dict[Value, list[Value]] = {}
    for value, definition in definitions.items():
        for operand in definition.operands:
            users.setdefault(operand, []).append(value)
    zero, stack = {ZERO}, [ZERO]
    while stack:
        for user in users.get(stack.pop(), ()):
            if user not in zero and _is_zero(definitions[user], zero):
                zero.add(user)
                stack.append(user)
    return zero - {ZERO}


def _is_zero(definition: Definition, zero: set[Value]) -> bool:
    if definition.operation == "min":
        return any(operand in zero for operand in definition.operands)
    return definition.operation != "unless" and all(
        operand in zero for operand in definition.operands
    )


def _simplify(
    simple: Values, all_of_them: Mapping[Value, Definition], value: Value, definition: Definition
) -> None:
    operands = tuple(dict.fromkeys(map(simple.resolved, definition.operands)))
    if definition.operation == "max":
        operands = _without_smaller(operands, all_of_them)
    if definition.operation == "add":
        operands = tuple(each for each in operands if each != ZERO)
    if len(operands) == 1 and definition.operation != "unless":
        simple.aliases[value] = operands[0]
        return
    if definition.operation in ("add", "unless"):
        operands = tuple(map(simple.resolved, definition.operands))
    simple.definitions[value] = Definition(operation=definition.operation, operands=operands)


def _without_smaller(
    operands: tuple[Value, ...], definitions: Mapping[Value, Definition]
) -> tuple[Value, ...]:
    """Drop the operands of a maximum that another operand cannot be below."""
    covered: set[Value] = {ZERO}
    for operand in operands:
        given = definitions.get(operand)
        if given is not None and given.operation == "add":
            covered.update(given.operands)
    return tuple(each for each in operands if each not in covered) or (ZERO,)


def _below(definitions: Mapping[Value, Definition], wanted: Iterable[Value]) -> set[Value]:
    found: set[Value] = set()
    stack = list(wanted)
    while stack:
        value = stack.pop()
        if value not in found:
            found.add(value)
            given = definitions.get(value)
            stack += given.operands if given is not None else ()
    return found

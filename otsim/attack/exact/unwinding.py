"""Recursive rules carried out without recursion, as deep as the data goes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, MutableMapping
from typing import TypeVar

__all__ = ["Rule", "unwind"]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Steps = Generator[Key, Value, Value]
Rule = Callable[[Key], Steps[Key, Value]]


def unwind(rule: Rule[Key, Value], key: Key, known: MutableMapping[Key, Value]) -> Value:
    """Carry out a recursive rule on a stack of its own.

    Args:
        rule: a generator function of a key; it yields each key whose value it needs, is sent that
            value, and returns the value of its own key.
        key: whose value is wanted.
        known: values found so far, by key; extended in place.
    """
    if key in known:
        return known[key]
    stack = [(key, rule(key))]
    answer: Value | None = None
    while stack:
        current, steps = stack[-1]
        try:
            needed = next(steps) if answer is None else steps.send(answer)
        except StopIteration as end:
            known[current] = answer = end.value
            stack.pop()
            continue
        answer = known.get(needed)
        if answer is None:
            stack.append((needed, rule(needed)))
    return known[key]

"""Times of a tree as expressions, simplified until what they are made of is independent.

An expression is a number. It stands for the time from the start of the attack to the fall of a
node, or for part of it: a leaf's own time; a chain, the sum of others; a gate over others. Equal
expressions have equal numbers and stand for the same random time, not only for equal laws.

What several children of a gate begin with is taken out of it: two ways that both lead through the
same foothold become the foothold, followed by the choice between what comes after. That is what
makes most attack graphs, in which everything stands on a few nodes, sums of independent times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["DONE", "NEVER", "Expression", "Expressions"]

DONE, NEVER = 0, 1
_GATES = ("OR", "AND", "VOTE", "COUNTER")


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression: kind, name of a leaf, number of a VOTE, parts."""

    kind: str  # done, never, leaf, exists, chain, OR, AND, VOTE, COUNTER
    name: str = ""
    k: int = 0
    parts: tuple[int, ...] = ()


class Expressions:
    """A table of expressions; parts have lower numbers than what they make."""

    def __init__(self) -> None:
        self._table = [Expression("done"), Expression("never")]
        self._numbers = {each: i for i, each in enumerate(self._table)}
        self._bounds: list[frozenset[int]] = [frozenset(), frozenset()]

    def __getitem__(self, number: int) -> Expression:
        return self._table[number]

    def leaf(self, name: str) -> int:
        """Return the time that a leaf takes once it is started; inf if it does not exist."""
        return self._number(Expression("leaf", name))

    def exists(self, name: str) -> int:
        """Return 0 if a leaf exists, else inf."""
        return self._number(Expression("exists", name))

    def chain(self, parts: Sequence[int]) -> int:
        """Return the sum of times."""
        flat = [factor for part in parts for factor in self.factors(part)]
        if NEVER in flat:
            return NEVER
        if len(flat) < 2:
            return flat[0] if flat else DONE
        return self._number(Expression("chain", parts=tuple(flat)))

    def factors(self, number: int) -> tuple[int, ...]:
        """Return what a time is the sum of."""
        if number == DONE:
            return ()
        found = self._table[number]
        return found.parts if found.kind == "chain" else (number,)

    def any_of(self, parts: Sequence[int]) -> int:
        """Return the least of some times."""
        kept = [part for part in dict.fromkeys(parts) if part != NEVER]
        if DONE in kept or not kept:
            return DONE if kept else NEVER
        earliest = [each for each in kept if not self._bounds[each] & (set(kept) - {each})]
        return self._joined("OR", earliest)

    def all_of(self, parts: Sequence[int]) -> int:
        """Return the greatest of some times."""
        kept = [part for part in dict.fromkeys(parts) if part != DONE]
        if NEVER in kept or not kept:
            return NEVER if kept else DONE
        passed = {bound for each in kept for bound in self._bounds[each] - {each}}
        return self._joined("AND", [each for each in kept if each not in passed])

    def vote(self, k: int, parts: Sequence[int]) -> int:
        """Return the k-th smallest of some times."""
        kept = [part for part in parts if part not in (DONE, NEVER)]
        k -= sum(part == DONE for part in parts)
        if k <= 0 or k > len(kept):
            return DONE if k <= 0 else NEVER
        if k in (1, len(kept)):
            return self.any_of(kept) if k == 1 else self.all_of(kept)
        common = self._common(kept)
        rests = [self._rest(part, common) for part in kept]
        if common:
            return self.chain([*common, self.vote(k, rests)])
        return self._number(Expression("VOTE", k=k, parts=tuple(rests)))

    def unless(self, first: int, second: int) -> int:
        """Return the first time if the second, which is 0 or inf, is inf; else never."""
        if second == NEVER or first == NEVER:
            return first
        if second == DONE:
            return NEVER
        *before, last = self.factors(first) or (DONE,)
        return self.chain([*before, self._number(Expression("COUNTER", parts=(last, second)))])

    def after_common(self, parts: Sequence[int]) -> tuple[int, ...]:
        """Return what some times begin with in common, then what is left of each."""
        common = self._common(parts)
        return (self.chain(common), *(self._rest(part, common) for part in parts))

    def holds(self, kind: str, name: str) -> bool:
        """Tell whether a leaf has an expression of a kind, leaf or exists."""
        return Expression(kind, name) in self._numbers

    def below(self, number: int) -> list[int]:
        """Return an expression and all that it is made of, parts first."""
        seen: set[int] = set()
        stack = [number]
        while stack:
            current = stack.pop()
            if current not in seen:
                seen.add(current)
                stack += self._table[current].parts
        return sorted(seen)

    def elements(self, number: int) -> list[int]:
        """Return what a gate joins, through the gates directly below it: leaves and chains."""
        found: dict[int, None] = {}
        stack = [number]
        while stack:
            current = stack.pop()
            if self._table[current].kind in _GATES:
                stack += reversed(self._table[current].parts)
            elif current not in (DONE, NEVER):
                found[current] = None
        return list(found)

    def _joined(self, gate: str, parts: Sequence[int]) -> int:
        """Join times by a gate, after taking out what several of them begin with.

        If no two begin alike, gates of the same kind among the parts are opened in search of some
        that do.
        """
        opened = list(parts)
        while True:
            groups: dict[int, list[int]] = {}
            for part in opened:
                groups.setdefault(self.factors(part)[0], []).append(part)
            if len(groups) < len(opened):
                merged = [self._merged(gate, group) for group in groups.values()]
                return self.any_of(merged) if gate == "OR" else self.all_of(merged)
            further = self._opened(gate, opened)
            if further == opened:
                break
            opened = further
        if len(parts) == 1:
            return parts[0]
        return self._number(Expression(gate, parts=tuple(sorted(parts))))

    def _opened(self, gate: str, parts: Sequence[int]) -> list[int]:
        """Return the parts with those of the same kind of gate replaced by their own parts."""
        opened: dict[int, None] = {}
        for part in parts:
            found = self._table[part]
            opened |= dict.fromkeys(found.parts if found.kind == gate else (part,))
        return list(opened)

    def _merged(self, gate: str, group: Sequence[int]) -> int:
        if len(group) == 1:
            return group[0]
        common = self._common(group)
        rests = [self._rest(part, common) for part in group]
        return self.chain([*common, self.any_of(rests) if gate == "OR" else self.all_of(rests)])

    def _common(self, parts: Sequence[int]) -> tuple[int, ...]:
        """Return the factors with which all parts begin."""
        count = 0
        for factors in zip(*(self.factors(part) for part in parts), strict=False):
            if len(set(factors)) > 1:
                break
            count += 1
        return self.factors(parts[0])[:count]

    def _rest(self, part: int, common: Sequence[int]) -> int:
        return self.chain(self.factors(part)[len(common) :])

    def _number(self, expression: Expression) -> int:
        number = self._numbers.setdefault(expression, len(self._table))
        if number == len(self._table):
            self._table.append(expression)
            self._bounds.append(self._lower_bounds(number))
        return number

    def _lower_bounds(self, number: int) -> frozenset[int]:
        """Return times that are never later than a time, itself among them."""
        expression = self._table[number]
        bounds = [self._bounds[part] for part in expression.parts]
        if expression.kind == "COUNTER":
            bounds = bounds[:1]
        if expression.kind in ("OR", "VOTE"):
            return frozenset.intersection(*bounds) | {number}
        beginnings = set()
        if expression.kind == "chain":
            shorter = (expression.parts[:i] for i in range(2, len(expression.parts)))
            chains = (self._numbers.get(Expression("chain", parts=each)) for each in shorter)
            beginnings = {each for each in chains if each is not None}
        return frozenset().union(*bounds, beginnings, {number})

"""Limit states that reference cases write in words, such as `sum(x) >= beta*sqrt(d) or x1 <= -4`.

A comparison becomes a margin that is not above 0 where it holds; `or` takes the least margin and
`and` the greatest. A limit state without a comparison fails at or below 0. `x` is the vector; `x1`,
`x_1` and `x[1]` are entries, counted from 1 unless an index 0 occurs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from reference.function_text import FUNCTIONS, Reader, Term, joined, value_of

MARKS = {"≥": ">=", "≤": "<=", "=>": ">=", "=<": "<=", "−": "-", "·": "*", "√": "sqrt", "∨": " or ",
         "∪": " or ", "∧": " and ", "∩": " and ", "||x||": "norm(x)"}  # fmt: skip
WHOLE = {
    "sum": lambda values: values.sum(axis=-1),
    "mean": lambda values: values.mean(axis=-1),
    "norm": lambda values: np.sqrt((values**2).sum(axis=-1)),
    "max": lambda values: values.max(axis=-1),
    "min": lambda values: values.min(axis=-1),
    "prod": lambda values: values.prod(axis=-1),
}
WORD = re.compile(r"\s*(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|[A-Za-z]\w*|\*\*|>=|<=|[-+*/^(),|<>\[\]])")
JOINS = {"or": ";", "and": "&"}  # no words, so that they do not look like factors
Margin = Callable[[Any], Any]


def read_limit_state(given: Any, n_dims: int, constants: Mapping[str, Any]) -> Margin:
    """Turn a limit state, a text or a list of which any may hold, into a margin of points."""
    if isinstance(given, list):
        parts = [read_limit_state(each, n_dims, constants) for each in given]
        return lambda points: reduce(np.minimum, [part(points) for part in parts])
    reader = LimitState(str(given), n_dims)
    margin = reader.either()
    assert reader.next is None, f"cannot read {given!r} from {reader.next!r} on"

    def of_points(points: Any) -> Any:
        entries = {f"x{i + 1}": points[:, i] for i in range(n_dims)}
        known = {"d": n_dims, "n": n_dims, "pi": np.pi, **constants, **entries, "x": points}
        return np.broadcast_to(np.asarray(margin(known), np.float64), len(points))

    return of_points


class LimitState(Reader):
    """A reader of comparisons that `or` and `and` join."""

    def __init__(self, text: str, n_inputs: int) -> None:
        for mark, plain in MARKS.items():
            text = text.replace(mark, plain)
        text = re.sub(r"^\s*(?:g|G)\s*(?:\(\s*x\s*\))?\s*=(?!=)", "", text)
        tokens = WORD.findall(text)
        assert "".join(tokens) == re.sub(r"\s", "", text), f"cannot read {text!r}"
        self.tokens = [JOINS.get(token.lower(), token) for token in tokens]
        self.at = 0
        self.n_inputs = n_inputs
        self.first = 0 if re.search(r"\bx\s*\[\s*0\s*\]|\bx_?0\b", text) else 1

    def either(self) -> Term:
        margin = self.both()
        while self.take(";"):
            margin = joined(np.minimum, margin, self.both())
        return margin

    def both(self) -> Term:
        margin = self.comparison()
        while self.take("&"):
            margin = joined(np.maximum, margin, self.comparison())
        return margin

    def comparison(self) -> Term:
        if self.next == "(" and self._holds_comparison():
            self.need("(")
            margin = self.either()
            self.need(")")
            return margin
        left = self.sum()
        sign = self.take(">=", "<=", ">", "<")
        if sign is None:
            return left
        right = self.sum()
        return joined(np.subtract, *((right, left) if sign.startswith(">") else (left, right)))

    def _holds_comparison(self) -> bool:
        """Tell whether the bracket that opens here holds a comparison, not a number."""
        depth = 0
        for token in self.tokens[self.at :]:
            depth += {"(": 1, ")": -1}.get(token, 0)
            if token in (">=", "<=", ">", "<"):
                return True
            if depth == 0:
                break
        return False

    def atom(self) -> Term:
        token = self.next
        if token in WHOLE and self.tokens[self.at + 1 : self.at + 2] == ["("]:
            return self.whole(str(token))
        if token is not None and self.tokens[self.at + 1 : self.at + 2] == ["["]:
            return self.entry(token)
        if token is not None and re.fullmatch(r"x_?\d+", token):
            self.at += 1
            return self.numbered(int(token.lstrip("x_")))
        if token in FUNCTIONS or token is None or not token[0].isalpha():
            return super().atom()
        self.at += 1
        return lambda names: value_of(token, {"i": 1, **names})

    def whole(self, name: str) -> Term:
        """Read a function over all entries, or over several arguments."""
        self.at += 1
        self.need("(")
        arguments = [self.sum()]
        while self.take(","):
            arguments.append(self.sum())
        self.need(")")
        if len(arguments) > 1:
            return lambda names: reduce(FUNCTIONS[name], [each(names) for each in arguments])
        return lambda names: WHOLE[name](arguments[0](names))

    def entry(self, name: str) -> Term:
        """Read `name[number]`, of the vector or of a list of constants."""
        self.at += 1
        self.need("[")
        number = int(str(self.next))
        self.at += 1
        self.need("]")
        if name == "x":
            return self.numbered(number)
        return lambda names: names[name][number]

    def numbered(self, number: int) -> Term:
        column = number - self.first
        assert 0 <= column < self.n_inputs, f"no input {number}"
        return lambda names: names["x"][:, column]

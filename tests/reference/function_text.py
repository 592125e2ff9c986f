"""Functions that reference cases write in words, such as `a sin(x2)^2 + b x3^4 sin(x1)`.

Factors may stand side by side; `^` and `**` are powers; bars are absolute values. `product over i
of ...` and `sum over i of ...` run over the inputs, with `x_i` for the i-th input and `a_i` for the
i-th number of a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Names = Mapping[str, Any]
Term = Callable[[Names], Any]

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "exp": np.exp, "log": np.log, "ln": np.log,
    "sqrt": np.sqrt, "abs": np.abs, "max": np.maximum, "min": np.minimum,
}  # fmt: skip
CONSTANTS = {"pi": np.pi, "e": np.e}
OVER_ALL = {"product": np.multiply, "prod": np.multiply, "sum": np.add}
TOKEN = re.compile(r"\s*(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|[A-Za-z]\w*|\*\*|[-+*/^(),|])")


def read_function(text: str, n_inputs: int, constants: Names) -> Callable[..., Any]:
    """Turn the words of a case into a function of its inputs by name."""
    reader = Reader(text.rpartition("=")[2], n_inputs)
    term = reader.sum()
    assert reader.next is None, f"cannot read {text!r} from {reader.next!r} on"
    return lambda **inputs: term({**CONSTANTS, **constants, **inputs})


class Reader:
    """A reader of one function, token by token."""

    def __init__(self, text: str, n_inputs: int) -> None:
        self.tokens = TOKEN.findall(text)
        assert "".join(self.tokens) == re.sub(r"\s", "", text), f"cannot read {text!r}"
        self.at = 0
        self.n_inputs = n_inputs

    @property
    def next(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, *wanted: str) -> str | None:
        """Take the next token if it is one of those wanted."""
        token = self.next
        if token not in wanted:
            return None
        self.at += 1
        return token

    def need(self, token: str) -> None:
        assert self.take(token), f"{token!r} expected before {self.next!r}"

    def sum(self) -> Term:
        term = self.signed()
        while sign := self.take("+", "-"):
            term = joined(np.add if sign == "+" else np.subtract, term, self.signed())
        return term

    def signed(self) -> Term:
        if self.take("-"):
            inner = self.signed()
            return lambda names: -inner(names)
        self.take("+")
        return self.product()

    def product(self) -> Term:
        term = self.power()
        while True:
            if self.take("*"):
                term = joined(np.multiply, term, self.factor())
            elif self.take("/"):
                term = joined(np.divide, term, self.factor())
            elif self.next is not None and re.match(r"[\w.(]", self.next):
                term = joined(np.multiply, term, self.power())
            else:
                return term

    def factor(self) -> Term:
        if self.take("-"):
            inner = self.factor()
            return lambda names: -inner(names)
        return self.power()

    def power(self) -> Term:
        base = self.atom()
        return joined(np.power, base, self.factor()) if self.take("^", "**") else base

    def atom(self) -> Term:
        if bracket := self.take("(", "|"):
            inner = self.sum()
            self.need({"(": ")", "|": "|"}[bracket])
            return inner if bracket == "(" else lambda names: np.abs(inner(names))
        token = self.next
        assert token is not None, "the function breaks off"
        self.at += 1
        if not token[0].isalpha():
            return lambda names: float(token)
        word = token.removesuffix("_i")
        if word in OVER_ALL:
            return self.over_all(word)
        if token in FUNCTIONS and self.take("("):
            return self.call(token)
        return lambda names: value_of(token, names)

    def call(self, name: str) -> Term:
        arguments = [self.sum()]
        while self.take(","):
            arguments.append(self.sum())
        self.need(")")
        return lambda names: FUNCTIONS[name](*(argument(names) for argument in arguments))

    def over_all(self, word: str) -> Term:
        for filler in ("over", "i", "of"):
            self.take(filler)
        body = self.product()

        def whole(names: Names) -> Any:
            found = body({**names, "i": 1})
            for i in range(2, self.n_inputs + 1):
                found = OVER_ALL[word](found, body({**names, "i": i}))
            return found

        return whole


def joined(operation: Callable[..., Any], first: Term, second: Term) -> Term:
    return lambda names: operation(first(names), second(names))


def value_of(name: str, names: Names) -> Any:
    """Look a name up; `x_i` or `xi` is the i-th of several inputs or of a list."""
    if name in names:
        return names[name]
    base, i = name.removesuffix("i").removesuffix("_"), names["i"]
    if base in names:
        return names[base][i - 1]
    return names[f"{base}{i}"] if f"{base}{i}" in names else names[f"{base}_{i}"]

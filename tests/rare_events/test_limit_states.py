"""Limit states in words, as reference cases write them."""

from typing import Any

import numpy as np
import pytest

from reference.limit_states import read_limit_state

X = np.random.default_rng(1).standard_normal((2000, 4))
CONSTANTS = {"beta": 1.0, "beta1": 1.0, "beta2": 1.5, "betas": [1.0, 1.5]}
TOTAL = X.sum(axis=1)
EITHER = (X[:, 0] >= 1.0) | (X[:, 1] <= -1.5)
CASES: list[tuple[Any, np.ndarray]] = [
    ("sum(x) >= beta*sqrt(d)", TOTAL >= 2.0),
    ("|sum(x)| >= beta*sqrt(d)", np.abs(TOTAL) >= 2.0),
    ("sum(x) >= beta1*sqrt(d) or sum(x) <= -beta2*sqrt(d)", (TOTAL >= 2.0) | (TOTAL <= -3.0)),
    ("(sum(x) >= 2) or (sum(x) <= -3)", (TOTAL >= 2.0) | (TOTAL <= -3.0)),
    ("x1 >= beta or x2 <= -beta2", EITHER),
    ("x[0] >= beta or x[1] <= -beta2", EITHER),
    ("min(beta1 - x1, beta2 + x2) <= 0", EITHER),
    ("g(x) = min(beta1 - x_1, beta2 + x_2)", EITHER),
    (["x1 >= 1", "x2 <= -1.5"], EITHER),
    ("max(x1, -x2 - 0.5) ≥ betas[0]", EITHER),
    ("(x1 >= 1 and x2 >= 1) or norm(x) > 3",
     ((X[:, 0] >= 1.0) & (X[:, 1] >= 1.0)) | ((X**2).sum(axis=1) > 9.0)),
    ("sum(x^2) >= 9", (X**2).sum(axis=1) >= 9.0),
    ("2 - x1 - x2", X[:, 0] + X[:, 1] >= 2.0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "happens"), CASES, ids=lambda value: str(value)[:40])
def test_the_event_is_that_of_the_words(text: Any, happens: np.ndarray) -> None:
    assert np.array_equal(read_limit_state(text, 4, CONSTANTS)(X) <= 0.0, happens)

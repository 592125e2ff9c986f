"""Answers the cases of rare events by `otsim.rare_events`, and compares them.

The answer may be off by the case's tolerance or by four standard errors, which must be small.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otsim.rare_events import RareEvent, rare_event
from reference.limit_states import read_limit_state

KINDS = ("rare_event",)
STANDARD_ERRORS = 4.0
MOST_RELATIVE_ERROR = 0.15  # an answer that is less sure than this is none
NAMES = ("dimension", "d", "n")


def check(case: Mapping[str, Any]) -> None:
    """Assert that the probability is right, known well, and none that a known slip gives."""
    found = answer(case["model"])
    for query in case["queries"]:
        assert query["metric"] == "probability", f"{case['id']}: no answer to {query['metric']}"
        want = float(query["value"])
        tol = query["tol"].get("abs", 0.0) + query["tol"].get("rel", 0.0) * want
        off = abs(found.probability - want)
        assert off <= max(tol, STANDARD_ERRORS * found.standard_error), f"{case['id']}: {found}"
        assert found.standard_error <= MOST_RELATIVE_ERROR * found.probability, f"{found}"
        for wrong in query.get("wrong", ()):
            assert abs(found.probability - float(wrong["value"])) > off, wrong["why"]


def answer(model: Mapping[str, Any]) -> RareEvent:
    """Estimate the probability of a case's limit state."""
    n_dims = int(next(model[name] for name in NAMES if name in model))
    constants = {
        name: value for name, value in model.items() if isinstance(value, int | float | list)
    }
    margin = read_limit_state(model["limit_state"], n_dims, constants)
    return rare_event(margin, n_dims, seed=1)

"""Scores of CVSS 3.1 vectors: base score and its two parts.

Weights and formulas: FIRST, Common Vulnerability Scoring System v3.1, Specification Document,
section 7.
"""

from __future__ import annotations

from dataclasses import dataclass

from otsim.config.architecture.identifiers import cvss_fault
from otsim.config.yaml_lines import one_line
from otsim.errors import ModelError

__all__ = ["Scores", "scores"]

_WEIGHTS = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGES_IF_CHANGED = {"N": 0.85, "L": 0.68, "H": 0.5}


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores of a vulnerability.

    Attributes:
        base: 0 to 10, rounded up to one decimal.
        exploitability: 0.12 to 3.89, not rounded: the higher, the easier.
        impact: 0 to 6.05, not rounded.
    """

    base: float
    exploitability: float
    impact: float


def scores(vector: str) -> Scores:
    """Score a vector such as `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H`.

    One of CVSS 3.0 is scored by the formulas of 3.1, whose metrics are the same.

    Raises:
        ModelError: the vector has a fault; the message says which and what to do.
    """
    fault = cvss_fault(vector)
    if fault is not None:
        raise ModelError(f"CVSS vector {one_line(vector, 80)!r}: {fault}")
    metrics = dict(part.split(":") for part in vector.split("/")[1:])
    changed = metrics["S"] == "C"
    weight = {name: table[metrics[name]] for name, table in _WEIGHTS.items()}
    if changed:
        weight["PR"] = _PRIVILEGES_IF_CHANGED[metrics["PR"]]
    exploitability = 8.22 * weight["AV"] * weight["AC"] * weight["PR"] * weight["UI"]
    impact = _impact(weight, changed=changed)
    total = (1.08 if changed else 1.0) * (impact + exploitability)
    return Scores(
        base=_rounded_up(min(total, 10.0)) if impact > 0.0 else 0.0,
        exploitability=exploitability,
        impact=impact,
    )


def _impact(weight: dict[str, float], *, changed: bool) -> float:
    lost = 1.0 - (1.0 - weight["C"]) * (1.0 - weight["I"]) * (1.0 - weight["A"])
    if not changed:
        return 6.42 * lost
    return max(7.52 * (lost - 0.029) - 3.25 * (lost - 0.02) ** 15, 0.0)


def _rounded_up(score: float) -> float:
    """Round up to one decimal as the specification does, in whole hundred-thousandths."""
    whole = round(score * 100_000)
    tenths, rest = divmod(whole, 10_000)
    return (tenths + (rest > 0)) / 10.0

"""All weak spots that an architecture and its attack graph show, before anything is simulated."""

from __future__ import annotations

from itertools import chain

from otsim.review.findings import Finding, FindingKind
from otsim.review.reviewed_network import ReviewedNetwork
from otsim.review.weak_spots import (
    conduits,
    flaws,
    outsiders,
    passwords,
    safety,
    services,
    single_points,
    zone_levels,
)

__all__ = ["KINDS", "weak_spots"]

_FAMILIES = (services, conduits, passwords, flaws, safety, outsiders, zone_levels, single_points)

KINDS: tuple[FindingKind, ...] = tuple(chain.from_iterable(one.KINDS for one in _FAMILIES))


def weak_spots(network: ReviewedNetwork) -> tuple[Finding, ...]:
    """Find the weak spots of a network, in the order of its file.

    Each has the `Change` that mends it, so that it can be priced; one without a change leads to no
    goal of the study.
    """
    return tuple(chain.from_iterable(one.findings(network) for one in _FAMILIES))

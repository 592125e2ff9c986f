"""What fields alone cannot tell of an architecture: names that must exist, rings, repetitions."""

from __future__ import annotations

from collections.abc import Collection

from otsim.config.architecture.architecture import Architecture
from otsim.config.architecture.attack_techniques import Techniques
from otsim.config.architecture.network_checks import network_problems
from otsim.config.architecture.references import References
from otsim.config.architecture.safeguard_checks import goal_problems, safeguard_problems
from otsim.config.architecture.weakness_checks import weakness_problems
from otsim.config.problems import Problem

__all__ = ["architecture_problems"]


def architecture_problems(
    given: Architecture, points: Collection[str] | None, techniques: Techniques
) -> list[Problem]:
    """Find every fault in an architecture whose fields are each valid.

    Args:
        given: the architecture.
        points: names of the plant's points; None leaves them unchecked.
        techniques: the ATT&CK techniques that there are.
    """
    references = References()
    points = None if points is None else dict.fromkeys(points)  # quick to search, in their order
    return [
        *network_problems(given, points, references),
        *weakness_problems(given, references),
        *safeguard_problems(given, techniques, references),
        *goal_problems(given, points, references),
    ]

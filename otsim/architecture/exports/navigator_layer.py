"""Scores of techniques -> a layer of MITRE's ATT&CK Navigator."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from otsim.config.architecture.attack_techniques import (
    Techniques,
    shipped_techniques,
    technique_fault,
)
from otsim.errors import ModelError

__all__ = ["TechniqueScore", "navigator_layer"]

_LAYER_VERSION = "4.5"
_NAVIGATOR_VERSION = "5.0.0"
_COLOURS = ("#ffffffff", "#e8590cff")


@dataclass(frozen=True, kw_only=True, slots=True)
class TechniqueScore:
    """What to show of one technique.

    Attributes:
        technique_id: such as `T0866`.
        score: a finite number; the largest one is shown darkest.
        comment: what to say about it.
    """

    technique_id: str
    score: float
    comment: str = ""


def navigator_layer(
    scores: Sequence[TechniqueScore],
    *,
    title: str,
    description: str = "",
    techniques: Techniques | None = None,
) -> str:
    """Return a layer of the ICS matrix as JSON, the same for the same scores.

    Args:
        scores: the techniques to colour, each once.
        title: name of the layer.
        description: what it shows.
        techniques: the ATT&CK version; the one shipped if not given.

    Raises:
        ModelError: a technique that does not exist or stands there twice, or a score that is not
            finite.
    """
    known = techniques or shipped_techniques()
    _check(scores, known)
    highest = max((score.score for score in scores), default=1.0)
    layer: dict[str, Any] = {
        "name": title,
        "description": description,
        "domain": "ics-attack",
        "versions": {
            "attack": known.version,
            "navigator": _NAVIGATOR_VERSION,
            "layer": _LAYER_VERSION,
        },
        "techniques": [_entry(score) for score in scores],
        "gradient": {
            "colors": list(_COLOURS),
            "minValue": 0,
            "maxValue": highest if highest > 0.0 else 1.0,
        },
    }
    return json.dumps(layer, indent=1, ensure_ascii=False) + "\n"


def _check(scores: Sequence[TechniqueScore], known: Techniques) -> None:
    seen = set()
    for score in scores:
        fault = technique_fault(score.technique_id, known)
        if fault is not None:
            raise ModelError(fault)
        if score.technique_id in seen:
            raise ModelError(f"{score.technique_id} is scored twice; give one score for each")
        if not math.isfinite(score.score):
            raise ModelError(f"the score of {score.technique_id} is {score.score}, not a number")
        seen.add(score.technique_id)


def _entry(score: TechniqueScore) -> dict[str, Any]:
    entry = {"techniqueID": score.technique_id, "score": score.score, "enabled": True}
    return entry | ({"comment": score.comment} if score.comment else {})

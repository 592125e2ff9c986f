"""A small study with an architecture, in which every text may be markup."""

from __future__ import annotations

from typing import Any

from otsim.config.study import Study
from store.synthetic_run import HOSTILE, HOSTILE_ATTRIBUTE, study_of

__all__ = ["HOSTILE", "small_study"]


def small_study(*, hostile: bool = False, **changes: Any) -> Study:
    """An office, a plant and a controller, of which the plant's service asks for nothing.

    Args:
        hostile: puts markup into every text of the architecture.
        changes: collections of the architecture that take the place of its own.
    """
    text = f"{HOSTILE} {HOSTILE_ATTRIBUTE}" if hostile else None
    given = study_of(64, hostile=hostile).model_dump(mode="json", exclude_none=True)
    given["attack"] = {
        "architecture": _architecture(text) | changes,
        "goals": {
            "starve_feed": {
                "title": text,
                "actions": [{"kind": "override", "target": "XMV3", "value": 0.0}],
            }
        },
    }
    return Study.model_validate(given)


def _architecture(text: str | None) -> dict[str, Any]:
    return {
        "version": 1,
        "title": text or "small",
        "description": text or "made up",
        "zones": {
            "outside": {"title": text, "untrusted": True, "purdue_level": 5},
            "plant": {"title": text, "purdue_level": 2, "security_level": 2},
            "cell": {"title": text, "purdue_level": 1, "security_level": 2},
        },
        "conduits": {
            "in": {"title": text, "from_zone": "outside", "to_zone": "plant"},
            "down": {"title": text, "from_zone": "plant", "to_zone": "cell",
                     "protocols": ["modbus"]},
        },
        "assets": {
            "screen": {"title": text, "type": "hmi", "zone": "plant",
                       "points": {"write": ["XMV3"]}},
            "controller": {"title": text, "type": "plc", "zone": "cell",
                           "points": {"write": ["XMV3"]}},
        },
        "services": {
            "sharing": {"title": text, "asset": "screen", "protocol": "vnc", "needed": False,
                        "authentication": "none", "open_to": ["outside"]},
            "modbus": {"title": text, "asset": "controller", "protocol": "modbus",
                       "authentication": "none", "open_to": ["plant"]},
        },
        "controls": {
            "rules": {"title": text, "type": "prevent", "effectiveness": 0.5,
                      "cost_per_year": 900, "scope": {"conduits": ["in"]}},
            "watch": {"title": text, "type": "detect", "effectiveness": 0.5,
                      "cost_per_year": 700, "in_place": False, "scope": {"zones": ["plant"]}},
        },
        "goals": {"starve_feed": {"title": text, "points": {"write": ["XMV3"]}}},
    }  # fmt: skip

"""An architecture -> plain data, canonical JSON, and YAML that reads back to the same."""

from __future__ import annotations

import json
from typing import Any

from otsim.config.architecture.architecture import Architecture
from otsim.config.write_study import dump_yaml

__all__ = ["architecture_data", "architecture_json", "dump_architecture"]


def architecture_data(given: Architecture) -> dict[str, Any]:
    """Return the architecture as plain data, without what stands at its default."""
    return given.model_dump(mode="json", exclude_defaults=True)


def architecture_json(given: Architecture) -> str:
    """Return the architecture with all defaults as one line of JSON, fit to be hashed."""
    data = given.model_dump(mode="json", exclude_none=True)
    return json.dumps(data, ensure_ascii=True, separators=(",", ":"))


def dump_architecture(given: Architecture) -> str:
    """Return the architecture as YAML that `read_architecture` turns into an equal one."""
    return dump_yaml(architecture_data(given))

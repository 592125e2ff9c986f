"""The JSON Schema of a resolved architecture, for "did you mean" and for descriptions of keys."""

from __future__ import annotations

from functools import cache
from typing import Any

from otsim.config.architecture.architecture import Architecture

__all__ = ["architecture_schema"]


@cache
def architecture_schema() -> dict[str, Any]:
    """Return the schema of an architecture that extends nothing."""
    return Architecture.model_json_schema()

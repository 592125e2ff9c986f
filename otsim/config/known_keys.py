"""The keys that the schema knows at a place, for "did you mean"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from otsim.config.yaml_lines import Step

__all__ = ["describe", "known_keys"]

Schema = dict[str, Any]


def known_keys(schema: Schema, steps: Sequence[Step]) -> list[str]:
    """Return the keys of the mapping at the end of a path; empty where names are free."""
    found = [key for part in _at(schema, steps) for key in part.get("properties", {})]
    return list(dict.fromkeys(found))


def describe(schema: Schema, steps: Sequence[Step]) -> str:
    """Return the first sentence about the key at the end of a path; empty where there is none."""
    holders = _at(schema, steps[:-1])
    for part in holders:
        about: str = part.get("properties", {}).get(steps[-1], {}).get("description", "")
        if about:
            return about.split(". ")[0].rstrip(".")
    return ""


def _at(schema: Schema, steps: Sequence[Step]) -> list[Schema]:
    parts = list(_alternatives(schema, schema))
    for step in steps:
        below = [child for part in parts for child in _below(part, step)]
        parts = [deep for child in below for deep in _alternatives(schema, child)]
    return parts


def _below(part: Schema, step: Step) -> Iterator[Schema]:
    if isinstance(step, int):
        yield from [part["items"]] if "items" in part else []
    elif step in part.get("properties", {}):
        yield part["properties"][step]
    elif isinstance(part.get("additionalProperties"), dict):
        yield part["additionalProperties"]


def _alternatives(root: Schema, part: Schema) -> Iterator[Schema]:
    """Follow references and take unions apart."""
    yield part
    if "$ref" in part:
        yield from _alternatives(root, root["$defs"][part["$ref"].rpartition("/")[2]])
    for union in ("anyOf", "oneOf"):
        for member in part.get(union, ()):
            yield from _alternatives(root, member)

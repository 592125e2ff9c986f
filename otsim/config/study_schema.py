"""The JSON Schema of a study, for editors and for "did you mean"."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from otsim.config.study import Study

__all__ = ["plain_schema", "study_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FILE_KEYS = {
    "extends": "Another study file, relative to this one, over which this one is laid: mappings "
    "are merged key by key, all else is replaced.",
}
_NAMED_FILES = {
    "tree": "A file that holds the tree, relative to this one.",
    "architecture": "A file that holds the architecture, relative to this one.",
}


class _WithoutTitles(GenerateJsonSchema):
    """Leaves out the titles that only repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def plain_schema() -> dict[str, Any]:
    """Return the schema of a resolved study: nothing extended, the tree in place."""
    return Study.model_json_schema(schema_generator=_WithoutTitles)


def study_schema() -> dict[str, Any]:
    """Return the schema of a study file as editors need it.

    A file with `extends` may leave out any key, since the other file may hold it.
    """
    schema = copy.deepcopy(plain_schema())
    definitions = schema.pop("$defs")
    for key, description in _NAMED_FILES.items():
        named = {"type": "string", "description": description}
        definitions["Attack"]["properties"][key]["anyOf"].insert(0, named)
    for key, description in _FILE_KEYS.items():
        schema["properties"][key] = {"type": "string", "description": description}
    definitions["Study"] = {key: schema[key] for key in schema if key != "title"}
    partial = {f"Partial{name}": _partial(part) for name, part in definitions.items()}
    return {
        "$schema": DIALECT,
        "$id": "urn:otsim:schema:study:1",
        "title": "otsim study",
        "description": schema["description"],
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {"$ref": "#/$defs/PartialStudy"},
        "else": {"$ref": "#/$defs/Study"},
        "$defs": definitions | partial,
    }


def _partial(part: Any) -> Any:
    """Copy a schema so that no key is required and references lead to such copies."""
    if isinstance(part, list):
        return [_partial(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {key: _partial(value) for key, value in part.items() if not _is_required(key, value)}
    if isinstance(kept.get("$ref"), str):
        kept["$ref"] = kept["$ref"].replace("#/$defs/", "#/$defs/Partial")
    return kept


def _is_required(key: str, value: Any) -> bool:
    return key == "required" and isinstance(value, list)

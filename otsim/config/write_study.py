"""A study -> plain data, canonical JSON, and YAML text that reads back to the same study."""

from __future__ import annotations

import json
from typing import Any

import yaml

from otsim.config.study import Study
from otsim.config.yaml_scalars import resolve

__all__ = ["dump_study", "dump_yaml", "study_data", "study_json"]


def study_data(study: Study) -> dict[str, Any]:
    """Return the study as plain data with all defaults filled in, the tree in place.

    Keys without a value are left out, and in tree and architecture also those at their default,
    since a gate must not carry the keys of a leaf. Mappings keep the order of the file, which
    results follow.
    """
    data = study.model_dump(mode="json", exclude_none=True)
    for key in ("tree", "architecture"):
        given = getattr(study.attack, key)
        if given is not None:
            data["attack"][key] = given.model_dump(mode="json", exclude_defaults=True)
    return data


def study_json(study: Study) -> str:
    """Return the study as one line of JSON; equal studies give equal text, fit to be hashed."""
    return json.dumps(study_data(study), ensure_ascii=True, separators=(",", ":"))


def dump_study(study: Study) -> str:
    """Return the study as a YAML file that `read_study` turns into an equal study."""
    return dump_yaml(study_data(study))


def dump_yaml(data: Any) -> str:
    """Return plain data as YAML that `parse_yaml` reads back to the same data."""
    return yaml.dump(
        data,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=None,
    )


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, and quotes every text that otsim would read as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    try:
        plain = resolve(text) == text
    except ValueError:
        plain = False
    style = "|" if "\n" in text else None if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)

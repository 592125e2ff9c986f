"""A rules file, also one laid over the shipped rules -> checked `Rules`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from otsim.architecture.graph.rule_checks import rule_problems
from otsim.architecture.graph.rules import Rules
from otsim.config.architecture.attack_techniques import Techniques, shipped_techniques
from otsim.config.overlay import merged
from otsim.config.problems import Problem, did_you_mean, fault_lines
from otsim.config.validation_problems import validation_problems
from otsim.config.yaml_lines import Branch, one_line, parse_yaml, plain, read_yaml
from otsim.errors import ConfigError

__all__ = ["read_rules", "shipped_rules"]

_SHIPPED = "shipped"


@cache
def shipped_rules() -> Rules:
    """Return the rules that come with otsim."""
    return _checked(_shipped_branch(), shipped_techniques())


def read_rules(path: str | Path, *, techniques: Techniques | None = None) -> Rules:
    """Read a rules file and check everything in it.

    One that begins with `extends: shipped` is laid over the rules of otsim: mappings are merged key
    by key, all else is replaced, and `name: null` takes a rule away.

    Args:
        path: the file; `-` is standard input.
        techniques: the ATT&CK techniques that there are; those shipped if not given.

    Raises:
        ConfigError: every fault, a line `file:line:col: where: what; what to do` each.
    """
    root = read_yaml(path)
    extends = root.value.get("extends")
    if extends is not None:
        if extends.value != _SHIPPED:
            message = "rules extend nothing but `shipped`; write that, or remove the line"
            raise ConfigError(f"{extends.place}: extends: {message}")
        own = replace(root, value={k: v for k, v in root.value.items() if k != "extends"})
        root = merged(*_without_removed(_shipped_branch(), own))
    return _checked(root, techniques or shipped_techniques())


def _shipped_branch() -> Branch:
    raw = files("otsim.architecture.graph").joinpath("rules.yaml").read_bytes()
    return parse_yaml(raw, "rules.yaml (shipped)")


def _without_removed(below: Branch, own: Branch) -> tuple[Branch, Branch]:
    rules, base = own.value.get("rules"), below.value["rules"]
    if rules is None or not isinstance(rules.value, dict):
        return below, own
    removed = [name for name, child in rules.value.items() if child.value is None]
    faults = [
        f"{rules.value[name].key_place}: rules.{one_line(name, 80)}: the shipped rules have none "
        f"to remove ({did_you_mean(name, base.value, otherwise='remove this line')})"
        for name in removed
        if name not in base.value
    ]
    if faults:
        raise ConfigError(*faults)
    return _left(below, base, removed), _left(own, rules, removed)


def _left(root: Branch, rules: Branch, removed: Sequence[str]) -> Branch:
    value = {name: child for name, child in rules.value.items() if name not in removed}
    return replace(root, value={**root.value, "rules": replace(rules, value=value)})


def _checked(root: Branch, techniques: Techniques) -> Rules:
    try:
        given = Rules.model_validate(plain(root))
    except ValidationError as error:
        _refuse(root, validation_problems(root, error, _schema()))
        raise AssertionError("a validation error without a problem") from error
    _refuse(root, rule_problems(given, techniques))
    return given


@cache
def _schema() -> dict[str, Any]:
    return Rules.model_json_schema()


def _refuse(root: Branch, problems: Sequence[Problem]) -> None:
    if problems:
        raise ConfigError(*fault_lines(root, problems))

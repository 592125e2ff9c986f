"""A study file, what it extends, its tree and the overrides -> one checked `Study`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from otsim.config.architecture.architecture import COLLECTIONS
from otsim.config.architecture.extended_files import read_extended
from otsim.config.architecture.read_architecture import MAX_BYTES
from otsim.config.key_paths import key_path, key_steps
from otsim.config.overlay import branch_of, merged, with_branch
from otsim.config.problems import Problem, fault_lines
from otsim.config.study import Study
from otsim.config.study_checks import study_problems
from otsim.config.study_schema import plain_schema
from otsim.config.study_sweep import sweep_problems
from otsim.config.uncertainty_checks import uncertainty_problems
from otsim.config.validation_problems import validation_problems
from otsim.config.write_study import study_data
from otsim.config.yaml_lines import Branch, Place, one_line, parse_yaml, plain, read_yaml
from otsim.errors import ConfigError

__all__ = ["Check", "checked_study", "read_branches", "read_study", "with_value"]

MAX_STUDY_BYTES = 12_000_000  # the study of a run holds its network
_ATTACK_FILES = ("tree", "architecture")

Check = Callable[[Study], Sequence[Problem]]


def read_study(
    path: str | Path, overrides: Sequence[str] = (), *, also: Check | None = None
) -> Study:
    """Read a study, lay it over the file that it extends, and check everything in it.

    Args:
        path: the study file; `-` is standard input.
        overrides: texts `key.path=value`, laid over the file; the value is read as YAML.
        also: finds what only later stages can tell, such as nodes that an attack graph lacks.

    Raises:
        ConfigError: every fault of the study, a line `file:line:col: where: what; what to do`
            each. Those of an override begin with `-s key.path`.
    """
    return checked_study(read_branches(path, overrides), also=also)


def read_branches(path: str | Path, overrides: Sequence[str] = ()) -> Branch:
    """Read a study, lay it over the file that it extends, and the overrides over both.

    Raises:
        ConfigError: a file cannot be read, or an override names no key.
    """
    root = _load(os.fspath(path), ())
    for text in overrides:
        root = _with_override(root, text)
    return _with_named_files(root, Path())


def checked_study(root: Branch, *, also: Check | None = None, ranges: bool = True) -> Study:
    """Check everything in a study; `also` as for `read_study`.

    Args:
        root: the study's branches.
        also: finds what only later stages can tell.
        ranges: try the ends of its uncertain inputs too, which takes longer than all the rest.

    Raises:
        ConfigError: every fault, at the place where the branch stands.
    """
    study = _validated(root)
    _refuse(root, sweep_problems(study))
    if ranges:
        _refuse(root, uncertainty_problems(study, with_value))
    if also is not None:
        _refuse(root, also(study))
    return study


def with_value(study: Study, key: str, value: Any) -> Study:
    """Return the study with one value changed, checked as a file would be.

    When the share of a profile changes, the others keep their proportions and fill up to 1.

    Args:
        study: a sound study.
        key: path of the value, such as `loss.restart_h.lognormal.median`.
        value: the new value as a file would hold it: a number, a text, a mapping.

    Raises:
        ConfigError: there is no such key, or the value does not fit.
    """
    steps = key_steps(key)
    place = Place(f"-s {key_path(steps)}")
    root = branch_of(study_data(study), place)
    if len(steps) == 4 and steps[:2] == ("attackers", "profiles") and steps[3] == "share":
        root = _with_other_shares(root, str(steps[2]), value, place)
    return _validated(with_branch(root, steps, branch_of(value, place)))


def _validated(root: Branch) -> Study:
    try:
        study = Study.model_validate(plain(root))
    except ValidationError as error:
        _refuse(root, validation_problems(root, error, plain_schema()))
        raise AssertionError("a validation error without a problem") from error
    _refuse(root, study_problems(study))
    return study


def _refuse(root: Branch, problems: Sequence[Problem]) -> None:
    if problems:
        raise ConfigError(*fault_lines(root, problems))


def _load(path: str, seen: tuple[str, ...]) -> Branch:
    """Read a file, its tree, and below it the file that it extends."""
    own = read_yaml(path, max_bytes=MAX_STUDY_BYTES)
    folder = Path() if path == "-" else Path(path).parent
    base = own.value.get("extends")
    if base is None:
        return _with_named_files(_without(own, "extends"), folder)
    seen = (*seen, os.path.realpath(path))
    base_path = _named_file(base, "extends", folder)
    if os.path.realpath(base_path) in seen:
        message = f"{one_line(base_path)} extends this file in turn; break the cycle"
        raise ConfigError(f"{base.place}: extends: {message}")
    below = _load(base_path, seen)
    for key in _ATTACK_FILES:  # another tree, not more nodes for the one below
        if _attack_file(own, key) is not None:
            below = _without_attack_key(below, key)
    return merged(below, _with_named_files(_without(own, "extends"), folder))


def _with_named_files(root: Branch, folder: Path) -> Branch:
    for key in _ATTACK_FILES:
        root = _with_attack_file(root, key, folder)
    return _with_network(root, folder)


def _with_network(root: Branch, folder: Path) -> Branch:
    """Put the text of the EPANET file in place of its name; a text of several lines is one."""
    plant = root.value.get("plant")
    if plant is None or not isinstance(plant.value, dict):
        return root
    inp = plant.value.get("inp")
    if inp is None or not isinstance(inp.value, str) or "\n" in inp.value:
        return root
    from otsim.config.epanet import network_text

    text = network_text(_named_file(inp, "plant.inp", folder))
    return with_branch(root, ("plant", "inp"), replace(inp, value=text))


def _with_attack_file(root: Branch, key: str, folder: Path) -> Branch:
    """Put what a file holds in place of its name."""
    name = _attack_file(root, key)
    if name is None:
        return root
    path = _named_file(name, f"attack.{key}", folder)
    if key == "architecture":
        held = read_extended(path, collections=COLLECTIONS, max_bytes=MAX_BYTES)
    else:
        held = read_yaml(path)
    return with_branch(root, ("attack", key), replace(held, key_place=held.place))


def _attack_file(root: Branch, key: str) -> Branch | None:
    """Return the name of the file that stands for the tree or the architecture, if one does."""
    attack = root.value.get("attack")
    if attack is None or not isinstance(attack.value, dict):
        return None
    name: Branch | None = attack.value.get(key)
    return name if name is not None and isinstance(name.value, str) else None


def _without_attack_key(root: Branch, key: str) -> Branch:
    attack = root.value.get("attack")
    if attack is None or not isinstance(attack.value, dict):
        return root
    return replace(root, value={**root.value, "attack": _without(attack, key)})


def _without(branch: Branch, key: str) -> Branch:
    return replace(branch, value={k: v for k, v in branch.value.items() if k != key})


def _named_file(name: Branch, where: str, folder: Path) -> str:
    """Return the path of a file that another file names, relative to that one."""
    if not isinstance(name.value, str):
        raise ConfigError(f"{name.place}: {where}: need the name of a file")
    path = os.path.normpath(folder / name.value)
    if os.path.isfile(path):
        return path
    raise ConfigError(
        f"{name.place}: {where}: there is no file {one_line(path)}; "
        "give its name relative to the file that names it"
    )


def _with_override(root: Branch, text: str) -> Branch:
    key, equals, value = text.partition("=")
    if not equals:
        shown = one_line(text, 100)
        raise ConfigError(f"-s {shown}: no value; write key.path=value, as in simulation.twins=256")
    steps = key_steps(key.strip())
    place = Place(f"-s {key_path(steps)}")
    try:
        data = plain(parse_yaml(value.encode("utf-8", "surrogatepass"), place.file, top="any"))
    except ConfigError as error:
        if not value.strip() or value.strip() in ("null", "~"):
            data = None
        else:
            raise ConfigError(_without_position(str(error), place)) from None
    return with_branch(root, steps, branch_of(data, place))


def _without_position(message: str, place: Place) -> str:
    """Drop line and column, which say nothing about a value on the command line."""
    rest = message.removeprefix(f"{place.file}:").lstrip("0123456789:")
    return f"{place}: {rest.strip()}"


def _with_other_shares(root: Branch, name: str, share: Any, place: Place) -> Branch:
    profiles = root.value["attackers"].value["profiles"].value
    others = {key: child.value["share"].value for key, child in profiles.items() if key != name}
    total = sum(others.values())
    if name not in profiles or not isinstance(share, int | float) or total <= 0.0:
        return root  # validation says what is wrong
    for key, old in others.items():
        new = Branch(old * (1.0 - share) / total, place, place)
        root = with_branch(root, ("attackers", "profiles", key, "share"), new)
    return root

"""A study file with its sweep -> one checked study for each point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from otsim.config.key_paths import key_path, key_steps
from otsim.config.overlay import branch_of, with_branch
from otsim.config.read_study import Check, checked_study, read_branches
from otsim.config.study import Study
from otsim.config.study_sweep import MOST_POINTS
from otsim.config.sweep_design import Point, count_of, settings_of
from otsim.config.yaml_lines import Branch, Place, locate, one_line, parse_yaml, plain
from otsim.errors import ConfigError

__all__ = ["SweepPlan", "SweepPoint", "read_sweep"]

_MOST_FAULTS = 20


@dataclass(frozen=True, kw_only=True)
class SweepPoint:
    """One point of a sweep.

    Attributes:
        number: its place in the sweep, from 1.
        settings: the value of each swept key, as a file would hold it.
        study: the study with these values.
    """

    number: int
    settings: dict[str, Any]
    study: Study


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """All points of a sweep.

    Attributes:
        study: what the points have in common.
        keys: the swept keys, in order.
        points: in the order of the design.
    """

    study: Study
    keys: tuple[str, ...]
    points: tuple[SweepPoint, ...]


def read_sweep(path: str, sets: Sequence[str] = (), *, also: Check | None = None) -> SweepPlan:
    """Read a study with its sweep, and check every point.

    Args:
        path: the study file; `-` is standard input.
        sets: texts `key=a,b,c`, an axis of the grid each, over the file's; one value alone is
            laid over the study. Values are YAML, so that `[10, 100]` is one value.
        also: as for `read_study`.

    Raises:
        ConfigError: a fault of the study, or of a point: a line each, at the value that makes it.
    """
    fixed, axes = _split(sets)
    root = read_branches(path, fixed)
    for key, values in axes.items():
        root = _with_axis(root, key, values)
    study = checked_study(root, also=also)
    if study.sweep is None or not count_of(study.sweep):
        raise ConfigError(
            f"{root.place.file}: no key is swept; add --set key=a,b,c or a block sweep:"
        )
    n_points = count_of(study.sweep)
    if n_points > MOST_POINTS:
        raise ConfigError(
            f"{root.place.file}: the sweep has {n_points:,} points, more than {MOST_POINTS:,}; "
            "take fewer values, or spread points by latin_hypercube"
        )
    designed = settings_of(study.sweep)
    base = replace(root, value={k: v for k, v in root.value.items() if k != "sweep"})
    points = _points(root, base, designed, also)
    keys = tuple(setting.key for setting in designed[0])
    return SweepPlan(study=checked_study(base, ranges=False), keys=keys, points=points)


def _points(
    root: Branch, base: Branch, designed: Sequence[Point], also: Check | None
) -> tuple[SweepPoint, ...]:
    points: list[SweepPoint] = []
    faults: list[str] = []
    for number, settings in enumerate(designed, start=1):
        values = {setting.key: setting.value for setting in settings}
        try:
            branch = _with_settings(root, base, settings)
            study = checked_study(branch, also=also, ranges=False)
            _refuse_tilted(branch, study)
        except ConfigError as error:
            told = ", ".join(f"{key}={one_line(str(value), 40)}" for key, value in values.items())
            faults += [f"{fault} (sweep point {number}: {told})" for fault in error.problems]
            if len(faults) >= _MOST_FAULTS:
                break
            continue
        points.append(SweepPoint(number=number, settings=values, study=study))
    if faults:
        raise ConfigError(*faults)
    return tuple(points)


def _refuse_tilted(branch: Branch, study: Study) -> None:
    """Refuse importance sampling: each point would draw other twins than the one before it.

    Raises:
        ConfigError: at the key.
    """
    if study.simulation.sampling != "plain":
        raise ConfigError(
            f"{branch.value['simulation'].value['sampling'].place}: simulation.sampling: "
            f"{study.simulation.sampling}: points of a sweep are compared twin by twin; use plain"
        )


def _with_settings(root: Branch, base: Branch, settings: Point) -> Branch:
    """Put the values of a point into the study; each stands where the file says so."""
    shares: dict[str, float] = {}
    for setting in settings:
        steps = key_steps(setting.key)
        found, _ = locate(root, setting.where)
        value = found if plain(found) == setting.value else branch_of(setting.value, found.place)
        base = with_branch(base, steps, replace(value, key_place=found.place))
        if len(steps) == 4 and steps[:2] == ("attackers", "profiles") and steps[3] == "share":
            shares[str(steps[2])] = setting.value
    return _without_ranges(_with_other_shares(base, shares), settings)


def _with_other_shares(base: Branch, given: dict[str, Any]) -> Branch:
    """Let the shares that are not swept keep their proportions and fill up to 1."""
    if not given or not all(isinstance(share, int | float) for share in given.values()):
        return base
    profiles = base.value["attackers"].value["profiles"].value
    others = {
        name: profile.value["share"] for name, profile in profiles.items() if name not in given
    }
    total = sum(share.value for share in others.values())
    if total <= 0.0:
        return base  # validation says what is wrong
    for name, old in others.items():
        share = replace(old, value=old.value * (1.0 - sum(given.values())) / total)
        base = with_branch(base, ("attackers", "profiles", name, "share"), share)
    return base


def _without_ranges(base: Branch, settings: Point) -> Branch:
    """Leave out the uncertainty of swept keys and their neighbours: it may not fit any more.

    The ranges of all others were tried with the study itself.
    """
    ranges = base.value.get("uncertainty")
    if ranges is None or not isinstance(ranges.value, list):
        return base
    swept = {key_steps(setting.key)[:2] for setting in settings}
    kept = [item for item in ranges.value if key_steps(plain(item)["key"])[:2] not in swept]
    return replace(base, value={**base.value, "uncertainty": replace(ranges, value=kept)})


def _split(sets: Sequence[str]) -> tuple[list[str], dict[str, Branch]]:
    """Tell axes from single values: `key=a,b` is one, `key=a` is not."""
    fixed: list[str] = []
    axes: dict[str, Branch] = {}
    for text in sets:
        key, equals, values = text.partition("=")
        place = Place(f"-s {one_line(key.strip(), 100)}")
        if not equals or not values.strip():
            fixed.append(text)  # read_branches says what is wrong, or sets nothing
            continue
        try:
            items = parse_yaml(
                f"[{values}]".encode("utf-8", "surrogatepass"), place.file, top="list"
            )
        except ConfigError:
            fixed.append(text)
            continue
        if len(items.value) == 1:
            fixed.append(text)
        else:
            axes[key_path(key_steps(key.strip()))] = branch_of(plain(items), place)
    return fixed, axes


def _with_axis(root: Branch, key: str, values: Branch) -> Branch:
    return with_branch(root, ("sweep", "grid", key), values)

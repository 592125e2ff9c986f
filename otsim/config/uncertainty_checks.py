"""Checks of the uncertain inputs: each names a number of the study and brackets it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from otsim.config.key_paths import key_steps
from otsim.config.problems import Problem, did_you_mean
from otsim.config.study import Study, UncertainInput
from otsim.config.write_study import study_data
from otsim.config.yaml_lines import Step
from otsim.errors import ConfigError

__all__ = ["uncertainty_problems", "value_at", "value_of"]

_FREQUENCY = ("per_year", "dispersion")
_NO_AMOUNTS = ("price_year", "acknowledge_fragile_at_normal")
_ALLOWED = (
    "name attackers.frequency.per_year or .dispersion, attackers.profiles.NAME.share, "
    "or a number below loss"
)


def uncertainty_problems(
    study: Study, with_value: Callable[[Study, str, float], Study]
) -> list[Problem]:
    """Find uncertain inputs that name no number, do not bracket it, or break the study.

    Args:
        study: the study, sound in all else.
        with_value: makes the study with one number changed, or raises `ConfigError`.
    """
    data = study_data(study)
    found: list[Problem] = []
    for i, entry in enumerate(study.uncertainty):
        place = ("uncertainty", i)
        message = _key_fault(data, entry.key)
        if message is None and entry.key in [other.key for other in study.uncertainty[:i]]:
            message = "is named twice; name it once"
        if message is not None:
            found.append(((*place, "key"), message))
            continue
        base = value_at(data, key_steps(entry.key))
        found += _bracket_problems(entry, base, place) or _end_problems(
            study, entry, with_value, place
        )
    return found


def value_of(study: Study, key: str) -> Any:
    """Return what a study holds at a key path, as a file would write it.

    Raises:
        ConfigError: the study has no such key.
    """
    steps = key_steps(key)
    try:
        return value_at(study_data(study), steps)
    except LookupError as error:
        step, known = error.args
        hint = did_you_mean(step, known, otherwise="check the study")
        raise ConfigError(f"-s {key}: the study has no such key ({hint})") from None


def value_at(data: Any, steps: tuple[Step, ...]) -> Any:
    """Return what stands at the end of a path in plain data.

    Raises:
        LookupError: the path leads nowhere; it holds the step and the mapping's keys.
    """
    for step in steps:
        below = _entries(data)
        if step not in below:
            raise LookupError(step, [key for key in below if isinstance(key, str)])
        data = below[step]
    return data


def _entries(data: Any) -> dict[Step, Any]:
    if isinstance(data, dict):
        return data
    return dict(enumerate(data)) if isinstance(data, list) else {}


def _key_fault(data: dict[str, Any], key: str) -> str | None:
    """Say why a key cannot be uncertain, or None."""
    try:
        steps = key_steps(key)
    except ConfigError:
        return f"{key!r} is not a key path; {_ALLOWED}"
    try:
        value = value_at(data, steps)
    except LookupError as error:
        step, known = error.args
        return f"the study has no {key} ({did_you_mean(step, known, otherwise=_ALLOWED)})"
    if not _allowed(steps):
        return f"{key} cannot be uncertain; {_ALLOWED}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{key} is not a number; name one below it"
    return None


def _allowed(steps: tuple[Step, ...]) -> bool:
    match steps:
        case ("attackers", "frequency", key):
            return key in _FREQUENCY
        case ("attackers", "profiles", _, "share"):
            return True
        case ("loss", key, *_):
            return key not in _NO_AMOUNTS
    return False


def _bracket_problems(entry: UncertainInput, base: float, place: tuple[Step, ...]) -> list[Problem]:
    if entry.low >= entry.high:
        message = f"low ({entry.low:g}) must be below high ({entry.high:g}); swap or change them"
        return [((*place, "low"), message)]
    if not entry.low <= base <= entry.high:
        message = (
            f"the study has {entry.key} = {base:g}, outside low ({entry.low:g}) to high "
            f"({entry.high:g}); widen them"
        )
        return [((*place, "key"), message)]
    return []


def _end_problems(
    study: Study,
    entry: UncertainInput,
    with_value: Callable[[Study, str, float], Study],
    place: tuple[Step, ...],
) -> list[Problem]:
    """Try both ends; a sweep that broke half-way would be worse than a fault now."""
    found: list[Problem] = []
    for end, value in (("low", entry.low), ("high", entry.high)):
        try:
            with_value(study, entry.key, value)
        except ConfigError as error:
            reason = error.problems[0].removeprefix(f"-s {entry.key}: ")
            found.append(((*place, end), f"makes the study unsound ({reason}); change it"))
    return found

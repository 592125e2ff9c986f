"""What pydantic found wrong -> problems in plain words, each with what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from otsim.config.known_keys import describe, known_keys
from otsim.config.problems import Problem, did_you_mean
from otsim.config.yaml_lines import Branch, Step, locate, one_line
from otsim.config.yaml_scalars import Scalar, resolve

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

__all__ = ["shown", "validation_problems"]

_KEY_MARK = "[key]"  # pydantic's last step where the name of a mapping's entry is at fault
_BOUNDS = {
    "greater_than": ("gt", "must be above"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be below"),
    "less_than_equal": ("le", "must be at most"),
}
_SHAPES = {
    "model_type": "a mapping (lines of key: value)",
    "model_attributes_type": "a mapping (lines of key: value)",
    "dict_type": "a mapping (lines of key: value)",
    "list_type": "a list (lines of - item)",
    "tuple_type": "a list (lines of - item)",
    "string_type": "text (quote it if it looks like a number)",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "bool_type": "true or false",
    "finite_number": "a finite number",
}


def validation_problems(
    root: Branch, error: ValidationError, schema: dict[str, Any]
) -> list[Problem]:
    """Turn every error of a validation into a problem at a place of the file.

    Args:
        root: the file's branches that were validated.
        error: what pydantic raised.
        schema: JSON Schema of the model, for the keys that are known at each place.
    """
    return [
        _problem(root, details, schema)
        for details in error.errors(include_url=False)
        if not _follows_from_others(root, details)
    ]


def shown(value: Any) -> str:
    """Show a value of a file in a message: numbers as they are, text quoted, the rest by kind."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        return f"text {one_line(value, 60)!r}"
    words = {None: "nothing", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return words[value]
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _follows_from_others(root: Branch, details: ErrorDetails) -> bool:
    """Whether a list is short only because pydantic leaves out its faulty items."""
    branch, _ = locate(root, details["loc"])
    given = len(branch.value) if isinstance(branch.value, dict | list) else 0
    return details["type"] == "too_short" and given >= details["ctx"]["min_length"]


def _problem(root: Branch, details: ErrorDetails, schema: dict[str, Any]) -> Problem:
    raw = tuple(step for step in details["loc"] if step != _KEY_MARK)
    branch, steps = locate(root, raw)
    kind = details["type"]
    if kind == "missing":
        name = str(raw[-1])
        about = describe(schema, (*steps, name))
        return (*steps, name), "needed, but missing; add it" + (f" ({about})" if about else "")
    if kind == "extra_forbidden":
        return steps, f"unknown key ({_nearest(schema, steps)})"
    return steps, _MESSAGES.get(kind, _by_kind)(details, branch)


def _nearest(schema: dict[str, Any], steps: tuple[Step, ...]) -> str:
    return did_you_mean(steps[-1], known_keys(schema, steps[:-1]))


def _by_kind(details: ErrorDetails, branch: Branch) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"is {shown(details['input'])}, but {words} {shown(context[key])}"
    if kind in _SHAPES:
        return _wrong_shape(_SHAPES[kind], details["input"])
    return one_line(details["msg"])


def _wrong_shape(need: str, given: Any) -> str:
    message = f"need {need}, not {shown(given)}"
    if not isinstance(given, str) or "number" not in need or not any(map(str.isdigit, given)):
        return message
    if given != _resolved(given):
        return f"{message}; remove the quotes"
    return f"{message}; digits alone, without unit, underscore or leading zero"


def _resolved(text: str) -> Scalar:
    try:
        return resolve(text)
    except ValueError:
        return text


def _choice(details: ErrorDetails, branch: Branch) -> str:
    expected = details["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
    given = details["input"]
    name = repr(one_line(given, 60)) if isinstance(given, str) else shown(given)
    return f"unknown value {name} ({did_you_mean(given, expected)})"


def _too_short(details: ErrorDetails, branch: Branch) -> str:
    need = details["ctx"]["min_length"]
    return f"has {details['ctx']['actual_length']} entries, but needs at least {need}; add one"


def _pattern(details: ErrorDetails, branch: Branch) -> str:
    examples = {r"^[A-Z]{3}$": "three capitals such as EUR"}
    pattern = details["ctx"]["pattern"]
    need = examples.get(pattern, "an ATT&CK id such as T0866")
    return f"is {shown(details['input'])}, but needs {need}"


def _form(details: ErrorDetails, branch: Branch) -> str:
    given = details["input"]
    if isinstance(given, dict):
        return f"{details['msg']}, not one with {', '.join(map(one_line, given)) or 'none'}"
    return _wrong_shape(details["msg"].removeprefix("need "), given)


_MESSAGES: dict[str, Callable[[ErrorDetails, Branch], str]] = {
    "literal_error": _choice,
    "distribution_form": _form,
    "too_short": _too_short,
    "string_pattern_mismatch": _pattern,
}

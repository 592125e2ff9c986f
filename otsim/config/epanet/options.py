"""[OPTIONS], and the demand multiplier that [DEMANDS] may hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from otsim.config.epanet.faults import Faults, shown
from otsim.config.epanet.fields import LARGEST, SMALLEST, Fields, n_words
from otsim.config.epanet.inp_lines import Line
from otsim.config.epanet.network import Options
from otsim.config.epanet.nodes import is_multiplier

__all__ = ["ReadOptions", "read_options"]

_LARGEST_COUNT = 1_000_000
_LEAST_ACCURACY, _MOST_ACCURACY = 1e-5, 0.1
_LEAST_SPAN = 0.1  # of required above minimum pressure
_YES_OR_NO = {"YES": True, "NO": False}
_FLOW_UNITS = {
    **{unit: unit for unit in ("CFS", "GPM", "AFD", "MGD", "IMGD")},
    **{unit: unit for unit in ("LPS", "LPM", "CMH", "CMD", "MLD", "CMS")},
    "SI": "LPS",
}
_PRESSURE_UNITS = {unit: unit for unit in ("PSI", "KPA", "METERS")}
_HEAD_LOSSES = {formula: formula for formula in ("H-W", "D-W", "C-M")}
_DEMAND_MODELS = {"DDA": False, "PDA": True}
_UNBALANCED = {"STOP": False, "CONTinue": True}

Reader = Callable[[Fields, int], Any]


@dataclass(frozen=True)
class _Option:
    """How an option is read.

    Attributes:
        words: keywords that open its line, as `word` reads them.
        key: under which its value is kept; "" for an option without meaning here.
        at: which field holds the value; EPANET lets the word before it be any other.
        read: reads it.
    """

    words: str
    key: str = ""
    at: int = 1
    read: Reader = lambda _fields, _at: None


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What the sections say.

    Attributes:
        options: for the network.
        default_pattern: of demands that name none.
        quality: what water quality run the file asks for; "" for none.
        ignored: options that hydraulics would need but that are not simulated.
    """

    options: Options
    default_pattern: str
    quality: str
    ignored: tuple[str, ...]


def read_options(lines: Iterable[Line], nodes: Collection[str], faults: Faults) -> ReadOptions:
    """Read the options; the last of a repeated one holds.

    Args:
        lines: of [OPTIONS] and [DEMANDS].
        nodes: names of all nodes, one of which may be that of an option.
        faults: keeps what is wrong.
    """
    values: dict[str, Any] = {}
    for line in lines:
        fields = Fields(line, faults)
        if line.section == "OPTIONS":
            _read_option(fields, values)
        elif is_multiplier(fields, nodes):
            values["demand_multiplier"] = _positive("demand multiplier")(fields, 1)
    default_pattern = values.pop("default_pattern", "1")
    quality = values.pop("quality", "NONE")
    ignored = (f"Option {name} is not used." for name in values.pop("not_used", ()))
    _settle_pressures(values)
    return ReadOptions(
        options=Options(**values),
        default_pattern=default_pattern,
        quality="" if quality.upper().startswith("NONE") else quality,
        ignored=tuple(ignored),
    )


def _read_option(fields: Fields, values: dict[str, Any]) -> None:
    option = next((each for each in _OPTIONS if n_words(fields, each.words)), None)
    if option is None:
        known = sorted({each.words.upper() for each in _OPTIONS})
        hint = fields.faults.hint(fields.text(0).upper(), known)
        fields.fault(0, f"no option {shown(fields.text(0))}; {hint}")
    elif option.key == "not_used":
        values["not_used"] = {**values.get("not_used", {}), option.words: None}
    elif option.key and fields.has(option.at):  # without a value, it says nothing
        values[option.key] = option.read(fields, option.at)
        if option.key == "required_pressure":
            values["required_fields"] = fields


def _settle_pressures(values: dict[str, Any]) -> None:
    """Let the required pressure follow the minimum where it is not given, as in EPANET."""
    minimum = values.get("minimum_pressure", 0.0)
    required = values.setdefault("required_pressure", minimum + _LEAST_SPAN)
    fields = values.pop("required_fields", None)
    too_low = required - minimum < _LEAST_SPAN * (1 - 1e-9)
    if too_low and fields is not None and values.get("is_pressure_driven"):
        low = f"required pressure {required:g} is not {_LEAST_SPAN:g} above minimum {minimum:g}"
        fields.fault(2, f"{low}; change one")


def _number(what: str, low: float, high: float = LARGEST) -> Reader:
    return lambda fields, at: fields.number(at, what, low=low, high=high)


def _positive(what: str) -> Reader:
    return _number(what, SMALLEST)


def _count(what: str) -> Reader:
    return lambda fields, at: int(fields.number(at, what, low=1, high=_LARGEST_COUNT))


def _choice(what: str, choices: Mapping[str, Any]) -> Reader:
    first = next(iter(choices.values()))
    return lambda fields, at: fields.choice(at, choices, what, first)


def _accuracy(fields: Fields, at: int) -> float:
    accuracy = fields.number(at, "accuracy", low=SMALLEST)
    return min(max(accuracy, _LEAST_ACCURACY), _MOST_ACCURACY)


def _extra_trials(fields: Fields, at: int) -> int | None:
    if not fields.choice(at, _UNBALANCED, "unbalanced", False):
        return None
    return int(fields.number(at + 1, "extra trials", low=0, high=_LARGEST_COUNT, otherwise=0.0))


def _text(fields: Fields, at: int) -> str:
    return fields.text(at)


_OPTIONS = (
    _Option("UNITs", "flow_units", 1, _choice("flow unit", _FLOW_UNITS)),
    _Option("PRESsure EXPOnent", "pressure_exponent", 2, _number("exponent", 0.1, 10)),
    _Option("PRESsure", "pressure_unit", 1, _choice("pressure unit", _PRESSURE_UNITS)),
    _Option("HEADLoss", "head_loss", 1, _choice("head loss", _HEAD_LOSSES)),
    _Option("HEADERROR", "head_error", 1, _number("head error", 0)),
    _Option("FLOWCHANGE", "flow_change", 1, _number("flow change", 0)),
    _Option("DEMAnd MODEl", "is_pressure_driven", 2, _choice("demand model", _DEMAND_MODELS)),
    _Option("DEMAnd", "demand_multiplier", 2, _positive("demand multiplier")),
    _Option("EMITter BACKflow", "emitter_backflow", 2, _choice("backflow", _YES_OR_NO)),
    _Option("BACKflow", "emitter_backflow", 2, _choice("backflow", _YES_OR_NO)),
    _Option("EMITter", "emitter_exponent", 2, _number("exponent", 0.1, 10)),
    _Option("MINImum", "minimum_pressure", 2, _number("minimum pressure", 0)),
    _Option("REQUired", "required_pressure", 2, _number("required pressure", 0)),
    _Option("SPECific", "specific_gravity", 2, _positive("specific gravity")),
    _Option("VISCosity", "viscosity", 1, _positive("viscosity")),
    _Option("TRIALs", "trials", 1, _count("trials")),
    _Option("ACCUracy", "accuracy", 1, _accuracy),
    _Option("CHECKFREQ", "check_every", 1, _count("check frequency")),
    _Option("MAXCHECK", "max_check", 1, _count("last check")),
    _Option("DAMPLIMIT", "damp_limit", 1, _number("damping limit", 0)),
    _Option("UNBAlanced", "extra_trials", 1, _extra_trials),
    _Option("PATTern", "default_pattern", 1, _text),
    _Option("QUALity", "quality", 1, _text),
    _Option("HTOL", "not_used"),
    _Option("QTOL", "not_used"),
    _Option("RQTOL", "not_used"),
    _Option("HYDRaulics"),
    _Option("MAP"),
    _Option("VERIfy"),
    _Option("DIFFusivity"),
    _Option("TOLERance"),
    _Option("SEGMents"),
)

"""A comparison as rows: for Parquet, CSV and JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from otsim.compare.comparison import Comparison, Pair
from otsim.risk.changes import Change
from otsim.store.columns import Column, schema_of, stamped, table_of
from otsim.store.run_identity import versions

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["comparison_table", "pair_object"]

VERSION = "1.0.0"
_UNIT = "see Unit"


def _number(name: str, description: str, unit: str = _UNIT, *, nullable: bool = True) -> Column:
    return Column(name=name, type="float64", unit=unit, description=description, nullable=nullable)


def _text(name: str, description: str) -> Column:
    return Column(name=name, type="string", unit="", description=description)


_COLUMNS = (
    _text("First", "the run that the others are compared with"),
    _text("Second", "the other run"),
    _text("FirstRunId", "its run id"),
    _text("SecondRunId", "its run id"),
    _text("Measure", "what is compared: eal, var99, cvar99, pml100, oep100, p_damaged, ..."),
    _text("Unit", "currency, or 1 for a probability in a year"),
    _number("FirstValue", "value of the first run", nullable=False),
    _number("SecondValue", "value of the second run", nullable=False),
    _number("Difference", "second minus first", nullable=False),
    _number("StandardError", "Monte-Carlo standard error of the difference"),
    _number("LowerCI", "lower end of its interval; null: nothing bounds it"),
    _number("UpperCI", "upper end of its interval; null: nothing bounds it"),
    _number("Relative", "difference over first value; null: that is 0", "1"),
    Column(name="Decided", type="bool", unit="1", description="the interval excludes 0"),
    Column(name="Paired", type="bool", unit="1", description="same twin numbers and draws"),
    _number("UnpairedStandardError", "as it were for runs with nothing in common"),
    _number("UnpairedLowerCI", "lower end of the interval of such runs"),
    _number("UnpairedUpperCI", "upper end of the interval of such runs"),
)


def comparison_table(comparison: Comparison) -> pa.Table:
    """Make the table of all changes, a row for each pair and measure."""
    rows = [
        _row(pair, change, comparison.currency)
        for pair in comparison.pairs
        for change in pair.changes
    ]
    schema = schema_of("differences", VERSION, _COLUMNS)
    table = table_of(schema, {name: [row[name] for row in rows] for name in schema.names})
    provenance = {"version": versions()["otsim"], "level": f"{comparison.level:g}"}
    return stamped(table, provenance | {"currency": comparison.currency})


def pair_object(pair: Pair, currency: str) -> dict[str, Any]:
    """Return a pair as JSON data; what is not finite is null."""
    return {
        "first": pair.first.label,
        "second": pair.second.label,
        "paired": pair.is_paired,
        "why_unpaired": pair.why_unpaired or None,
        "twins": list(pair.n_twins),
        "different_twins": pair.n_different,
        "left_out_twins": pair.n_left_out,
        "changes": [
            {
                "measure": change.measure.name,
                "unit": currency if change.measure.is_money else "1",
                "first": change.first,
                "second": change.second,
                "difference": change.difference,
                "standard_error": _finite(change.standard_error),
                "low": _finite(change.lower),
                "high": _finite(change.upper),
                "relative": _finite(change.relative),
                "decided": change.is_decided,
                "narrower_than_unpaired": _finite(change.narrower),
            }
            for change in pair.changes
        ],
    }


def _row(pair: Pair, change: Change, currency: str) -> dict[str, Any]:
    return {
        "First": pair.first.label,
        "Second": pair.second.label,
        "FirstRunId": pair.first.facts.run_id,
        "SecondRunId": pair.second.facts.run_id,
        "Measure": change.measure.name,
        "Unit": currency if change.measure.is_money else "1",
        "FirstValue": change.first,
        "SecondValue": change.second,
        "Difference": change.difference,
        "StandardError": change.standard_error,
        "LowerCI": change.lower,
        "UpperCI": change.upper,
        "Relative": change.relative,
        "Decided": change.is_decided,
        "Paired": pair.is_paired,
        "UnpairedStandardError": change.unpaired_error,
        "UnpairedLowerCI": change.unpaired_lower,
        "UnpairedUpperCI": change.unpaired_upper,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

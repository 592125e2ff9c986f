"""The result tables: Open Results Data columns first, otsim's own after them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from otsim.store.columns import Column, schema_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TABLES", "result_schema", "result_table"]

VERSION = "1.0.0"
MONEY = "currency"  # replaced by the study's currency
_OWN = "see Unit"


def _text(name: str, description: str) -> Column:
    return Column(name=name, type="string", unit="", description=description)


def _count(name: str, description: str) -> Column:
    return Column(name=name, type="int64", unit="1", description=description)


def _code(name: str, description: str) -> Column:
    return Column(name=name, type="int32", unit="1", description=description)


def _amount(name: str, description: str, unit: str = MONEY, *, nullable: bool = False) -> Column:
    return Column(name=name, type="float64", unit=unit, description=description, nullable=nullable)


_SUMMARY = _code("SummaryId", "group of losses, named in the table summaries")
_ERROR = _amount("StandardError", "Monte-Carlo standard error of the loss")
_LOWER = _amount("LowerCI", "lower end of the 95 % Monte-Carlo interval")
_UPPER = _amount("UpperCI", "upper end of it; null: no sampled event bounds it", nullable=True)
_EPT = (
    _SUMMARY,
    _code("EPCalc", "2: full uncertainty, every sampled event on its own"),
    _code("EPType", "1 OEP, 2 mean of the years beyond OEP, 3 AEP, 4 mean of the years beyond AEP"),
    _amount("ReturnPeriod", "years in which the loss is exceeded once on average", "a"),
    _amount("Loss", "largest event (OEP) or sum (AEP) of a year, exceeded once a return period"),
    _ERROR,
    _LOWER,
    _UPPER,
    _amount("TailEvents", "how many twins, weighted ones by their effective number, know this tail",
            "1"),
)  # fmt: skip

TABLES: dict[str, tuple[Column, ...]] = {
    "summaries": (
        _SUMMARY,
        _text("Kind", "total, category, goal, entry or profile"),
        _text("Name", "name of the group as the study writes it"),
    ),
    "alt": (
        _SUMMARY,
        _code("SampleType", "1: analytical, compounded exactly from the sampled events"),
        _amount("MeanLoss", "expected annual loss"),
        _amount("SDLoss", "standard deviation of the annual loss"),
        _ERROR,
        _LOWER,
        _UPPER,
        _count("NumQuarantined", "diverged twins, which are in no figure"),
    ),
    "alct": (
        _SUMMARY,
        _amount("MeanLoss", "expected annual loss from the first SampleSize twins"),
        _amount("SDLoss", "standard deviation of the annual loss"),
        _count("SampleSize", "number of twins that did not diverge"),
        _LOWER,
        _UPPER,
        _ERROR,
        _amount("RelativeError", "standard error over mean; null: the mean is 0", "1",
                nullable=True),
    ),
    "ept": _EPT,
    "curve": _EPT,
    "tail": (
        _amount("Level", "probability that a year stays below VaR", "1"),
        _amount("VaR", "value at risk of the annual loss"),
        _amount("VaRStandardError", "its Monte-Carlo standard error"),
        _amount("VaRLowerCI", "lower end of its 95 % interval"),
        _amount("VaRUpperCI", "upper end; null: no sampled event bounds it", nullable=True),
        _amount("CVaR", "mean of the years beyond VaR"),
        _amount("CVaRStandardError", "its Monte-Carlo standard error"),
        _amount("CVaRLowerCI", "lower end of its 95 % interval"),
        _amount("CVaRUpperCI", "upper end; null: no sampled event bounds it", nullable=True),
    ),
    "contributions": (
        _SUMMARY,
        _amount("ReturnPeriod", "the part is of the worst 1 / ReturnPeriod of years, by AEP", "a"),
        _amount("Loss", "the group's part of the mean of these years"),
        _amount("Share", "the same over that mean, 0 to 1", "1"),
        _ERROR,
    ),
    "probabilities": (
        _text("Name", "what may happen: acts (the plant is touched), a status, damaged, loss"),
        _amount("Probability", "chance that one campaign comes to it", "1"),
        _amount("StandardError", "Monte-Carlo standard error of Probability", "1"),
        _amount("LowerCI", "lower end of its 95 % interval", "1"),
        _amount("UpperCI", "upper end of its 95 % interval", "1"),
        _amount("AnnualProbability", "chance of a year with at least one", "1"),
        _amount("AnnualLowerCI", "lower end of its 95 % interval", "1"),
        _amount("AnnualUpperCI", "upper end of its 95 % interval", "1"),
    ),
    "quarantine": (
        _count("NumEvents", "twins in the figures"),
        _count("NumQuarantined", "twins that diverged and are in no figure"),
        _amount("MeanLossLow", "expected annual loss if these had cost nothing"),
        _amount("MeanLossHigh", "expected annual loss if each had cost the whole plant"),
        _amount("Loss100Low", "1-in-100-year loss (AEP) if these had cost nothing"),
        _amount("Loss100High", "1-in-100-year loss (AEP) if each had cost the whole plant"),
    ),
    "tornado": (
        _text("Key", "key path of the uncertain input; the yearly rate comes first"),
        _text("Title", "what the study calls it"),
        _amount("Low", "low value of the input", "of the key"),
        _amount("High", "high value of the input", "of the key"),
        Column(name="Assumed", type="bool", unit="1",
               description="the study states no range: half and one and a half times its value"),
        _amount("MeanLossLow", "expected annual loss at the low value", nullable=True),
        _amount("MeanLossBase", "expected annual loss of the study"),
        _amount("MeanLossHigh", "expected annual loss at the high value", nullable=True),
        _amount("Loss100Low", "1-in-100-year loss (AEP) at the low value", nullable=True),
        _amount("Loss100Base", "1-in-100-year loss (AEP) of the study"),
        _amount("Loss100High", "1-in-100-year loss (AEP) at the high value", nullable=True),
    ),
    "physical": (
        _text("Name", "physical outcome, a column of the event table"),
        _text("Unit", "its unit"),
        _text("Description", "what it is"),
        _count("Number", "twins that it was computed for"),
        _amount("Mean", "mean over these twins", _OWN),
        _amount("StandardError", "Monte-Carlo standard error of the mean", _OWN),
        _amount("Low", "smallest value", _OWN),
        _amount("Median", "middle value", _OWN),
        _amount("P95", "value that 95 % of these twins stay below", _OWN),
        _amount("High", "largest value", _OWN),
    ),
    "baseline": (
        _text("Name", "a status, with the share of untouched twins; or a physical outcome"),
        _text("Unit", "its unit"),
        _text("Description", "what it is"),
        _count("Number", "untouched twins that it was computed for"),
        _amount("Mean", "mean over these twins", _OWN),
        _amount("Low", "smallest value", _OWN),
        _amount("High", "largest value", _OWN),
    ),
    "places": (
        _text("Name", "junction of the water network"),
        _text("Zone", "its zone"),
        _amount("X", "map coordinate of the EPANET file", "of the file", nullable=True),
        _amount("Y", "map coordinate of the EPANET file", "of the file", nullable=True),
        _amount("UnmetM3", "demand not delivered, mean of these twins", "m3"),
        _amount("LowPressureH", "low pressure while water is wanted, mean of these twins", "h"),
        _count("Twins", "twins that acted, from the first on, that the means are of"),
    ),
    "hours": (
        _text("Zone", "zone of the water network"),
        _amount("FromH", "hours from the first plant action", "h"),
        _amount("ToH", "hours from the first plant action", "h"),
        _amount("UnmetM3", "demand not delivered in these hours, mean of these twins", "m3"),
        _count("Twins", "twins that acted, from the first on, that the means are of"),
    ),
    "epanet": (
        _text("Engine", "version of EPANET that ran the untouched file"),
        _amount("Hours", "how long", "h"),
        _count("Times", "reporting times at which both runs were compared"),
        _amount("HeadM", "largest difference of a junction's head", "m"),
        _amount("MedianHeadM", "median difference of heads", "m"),
        _amount("LevelM", "largest difference of a tank's level", "m"),
    ),
}  # fmt: skip
"""Columns of each table by its name; `currency` stands for the study's."""


def result_schema(name: str, currency: str) -> pa.Schema:
    """The schema of a result table, with amounts in `currency`.

    Raises:
        KeyError: no such table.
    """
    columns = [
        Column(
            name=column.name, type=column.type, nullable=column.nullable,
            unit=currency if column.unit == MONEY else column.unit,
            description=column.description,
        )
        for column in TABLES[name]
    ]  # fmt: skip
    return schema_of(name, VERSION, columns)


def result_table(name: str, rows: Iterable[Mapping[str, Any]], currency: str) -> pa.Table:
    """Make a result table from its rows.

    Raises:
        KeyError: no such table, or a row lacks a column.
        ValueError: a value is missing or not finite where the column does not allow it.
    """
    given = list(rows)
    schema = result_schema(name, currency)
    return table_of(schema, {field: [row[field] for row in given] for field in schema.names})

"""The result table of a sweep: a row a point, every figure with its error."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otsim.compare.comparison import ComparedRun, compared
from otsim.risk.changes import Change
from otsim.risk.events import study_frequency
from otsim.risk.frequency import Frequency, generating_slope
from otsim.risk.named_measures import measure_of
from otsim.store.columns import Column, schema_of, stamped, table_of
from otsim.store.run_identity import versions
from otsim.store.run_reader import RunReader
from otsim.store.stored_losses import stored_losses
from otsim.sweep.points import PointResult, SweepResult

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PointRow", "point_rows", "sweep_table"]

VERSION = "1.0.0"
TABLE = "sweep"
_OEP, _AEP = 1, 3
_CHANCES = ("acts", "damaged", "destroyed", "loss")
_ENDS = ("StandardError", "LowerCI", "UpperCI")
_MONEY = "currency"


@dataclass(frozen=True, kw_only=True)
class PointRow:
    """A point with its figures.

    Attributes:
        result: the point.
        figures: by column name, nan where nothing bounds them; empty where it has no results.
        change: of the expected annual loss from the first point that has one; None for none.
    """

    result: PointResult
    figures: Mapping[str, float]
    change: Change | None


def point_rows(sweep: SweepResult) -> list[PointRow]:
    """Read the figures of every point, and compare each with the first on the same twins."""
    rows: list[PointRow] = []
    first: ComparedRun | None = None
    for result in sweep.points:
        if not result.has_results:
            rows.append(PointRow(result=result, figures={}, change=None))
            continue
        reader, study = RunReader.at(result.run), result.point.study
        run = ComparedRun(
            label=f"point {result.point.number}", path=result.run, study=study,
            facts=reader.facts, stored=stored_losses(study, reader),
        )  # fmt: skip
        change = None if first is None else compared(first, run, [measure_of("eal")]).changes[0]
        first = first or run
        figures = dict(_figures(reader, study_frequency(study)))
        rows.append(PointRow(result=result, figures=figures, change=change))
    return rows


def sweep_table(sweep: SweepResult, rows: Sequence[PointRow]) -> pa.Table:
    """Make the table; figures of points without results are null."""
    money = sweep.plan.study.loss.currency
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    columns = [*_POINT, *_key_columns(sweep), *(_figure_column(name, money) for name in names)]
    columns += [
        _figure_column(name, money) for name in ("Change", "ChangeLowerCI", "ChangeUpperCI")
    ]
    schema = schema_of(TABLE, VERSION, columns)
    told = [_row(sweep, row, names) for row in rows]
    table = table_of(schema, {name: [row[name] for row in told] for name in schema.names})
    provenance = {
        "version": versions()["otsim"],
        "seed": str(sweep.plan.study.simulation.seed),
        "currency": money,
        "keys": json.dumps(sweep.plan.keys),
    }
    return stamped(table, provenance)


_POINT = (
    Column(name="Point", type="int64", unit="1", description="number of the point"),
    Column(name="RunId", type="string", unit="", description="its run, runs/RunId"),
    Column(name="Error", type="string", unit="", nullable=True,
           description="why it has no figures, or why they are flagged; null: all went well"),
    Column(name="Twins", type="int64", unit="1", description="sampled campaigns"),
)  # fmt: skip


def _key_columns(sweep: SweepResult) -> Iterator[Column]:
    for key in sweep.plan.keys:
        kind = "float64" if _is_numeric(sweep, key) else "string"
        yield Column(name=key, type=kind, unit="of the key", description="value of this key")


def _is_numeric(sweep: SweepResult, key: str) -> bool:
    return all(
        isinstance(value := point.settings[key], int | float) and not isinstance(value, bool)
        for point in sweep.plan.points
    )


def _figure_column(name: str, money: str) -> Column:
    unit = "1" if name.startswith("P_") else money
    return Column(name=name, type="float64", unit=unit, nullable=True, description=_about(name))


def _about(name: str) -> str:
    for end, words in (
        ("StandardError", "Monte-Carlo standard error of "),
        ("LowerCI", "lower end of the 95 % interval of "),
        ("UpperCI", "upper end (null: no sampled event bounds it) of the 95 % interval of "),
    ):
        if name.endswith(end):
            return words + name.removesuffix(end)
    if name == "Change":
        return "MeanLoss minus that of the first point, on the same twins"
    if name == "MeanLoss":
        return "expected annual loss"
    kind = next(kind for kind in ("CVaR", "VaR", "PML", "OEP", "P_") if name.startswith(kind))
    rest = name.removeprefix(kind)
    return {
        "CVaR": f"mean of the years beyond VaR{rest}",
        "VaR": f"annual loss that {rest} % of years stay below",
        "PML": f"annual loss (AEP) exceeded once in {rest} years",
        "OEP": f"largest event of a year, exceeded once in {rest} years",
        "P_": f"chance of a year with an attack that brings: {rest}",
    }[kind]


def _figures(reader: RunReader, frequency: Frequency) -> Iterator[tuple[str, float]]:
    """Yield every figure of a run by its column name."""
    total = reader.read_table("alt").slice(0, 1).to_pylist()[0]
    yield from _with_error("MeanLoss", total["MeanLoss"], total)
    for row in reader.read_table("tail").to_pylist():
        level = f"{100.0 * row['Level']:.6g}"
        for kind in ("VaR", "CVaR"):
            error = {end: row[f"{kind}{end}"] for end in _ENDS}
            yield from _with_error(f"{kind}{level}", row[kind], error)
    for row in reader.read_table("ept").to_pylist():
        kind = {_OEP: "OEP", _AEP: "PML"}.get(row["EPType"], "")
        if kind:
            yield from _with_error(f"{kind}{row['ReturnPeriod']:.6g}", row["Loss"], row)
    for row in reader.read_table("probabilities").to_pylist():
        if row["Name"] in _CHANCES:
            slope = float(generating_slope(frequency, 1.0 - row["Probability"]))
            error = {
                "StandardError": slope * row["StandardError"],
                "LowerCI": row["AnnualLowerCI"],
                "UpperCI": row["AnnualUpperCI"],
            }
            yield from _with_error(f"P_{row['Name']}", row["AnnualProbability"], error)


def _with_error(
    name: str, value: float, error: Mapping[str, float | None]
) -> Iterator[tuple[str, float]]:
    yield name, value
    for end in _ENDS:
        found = error[end]
        yield f"{name}{end}", math.nan if found is None else found


def _row(sweep: SweepResult, row: PointRow, names: Sequence[str]) -> dict[str, Any]:
    point, change = row.result.point, row.change
    settings = {
        key: value if _is_numeric(sweep, key) else json.dumps(value, ensure_ascii=False)
        for key, value in point.settings.items()
    }
    return {
        "Point": point.number,
        "RunId": row.result.run.name,
        "Error": row.result.error or None,
        "Twins": point.study.simulation.twins,
        **settings,
        **{name: row.figures.get(name, math.nan) for name in names},
        "Change": change.difference if change else math.nan,
        "ChangeLowerCI": change.lower if change else math.nan,
        "ChangeUpperCI": change.upper if change else math.nan,
    }

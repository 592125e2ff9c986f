"""Risk tables and outcomes -> the rows of the result tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from otsim.config.study_points import points_of
from otsim.simulate.outcomes import STATUSES
from otsim.store.tables import result_table

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.config.study import Study
    from otsim.risk.contributions import Contribution
    from otsim.risk.exceedance import CurvePoint
    from otsim.risk.tables import (
        AnnualMean,
        Convergence,
        Probability,
        RiskTables,
        TailMeasure,
    )
    from otsim.risk.tornado import TornadoRow
    from otsim.simulate.outcomes import Outcomes

__all__ = ["baseline_table", "physical_table", "risk_tables", "tornado_table"]

Row = dict[str, Any]
_ANALYTICAL, _FULL_UNCERTAINTY, _TOTAL = 1, 2, 1


def risk_tables(study: Study, risk: RiskTables) -> dict[str, pa.Table]:
    """Make the tables of annual risk by name, one for each part of `RiskTables` and the groups."""
    summary = {(row.group, row.name): number for number, row in enumerate(risk.alt, start=1)}
    rows: dict[str, list[Row]] = {
        "summaries": [
            {"SummaryId": number, "Kind": kind, "Name": name}
            for (kind, name), number in summary.items()
        ],
        "alt": [
            _alt_row(row, summary[row.group, row.name], risk.quarantine.n_quarantined)
            for row in risk.alt
        ],
        "alct": [_alct_row(row) for row in risk.alct],
        "ept": [_ept_row(point) for point in risk.ept],
        "curve": [_ept_row(point) for point in risk.curve],
        "tail": [_tail_row(measure) for measure in risk.tail_measures],
        "contributions": [
            _contribution_row(part, summary[part.group, part.name]) for part in risk.contributions
        ],
        "probabilities": [_probability_row(row) for row in risk.probabilities],
        "quarantine": [_quarantine_row(risk)],
    }
    return {name: result_table(name, given, study.loss.currency) for name, given in rows.items()}


def _alt_row(row: AnnualMean, summary_id: int, n_quarantined: int) -> Row:
    return _interval(row) | {
        "SummaryId": summary_id,
        "SampleType": _ANALYTICAL,
        "MeanLoss": row.mean_loss,
        "SDLoss": row.sd_loss,
        "NumQuarantined": n_quarantined,
    }


def _alct_row(row: Convergence) -> Row:
    return _interval(row) | {
        "SummaryId": _TOTAL,
        "MeanLoss": row.mean_loss,
        "SDLoss": row.sd_loss,
        "SampleSize": row.sample_size,
        "RelativeError": row.relative_error,
    }


def _contribution_row(part: Contribution, summary_id: int) -> Row:
    return {
        "SummaryId": summary_id,
        "ReturnPeriod": part.return_period,
        "Loss": part.loss,
        "Share": part.share,
        "StandardError": part.standard_error,
    }


def _probability_row(row: Probability) -> Row:
    return _interval(row) | {
        "Name": row.name,
        "Probability": row.per_campaign,
        "AnnualProbability": row.per_year,
        "AnnualLowerCI": row.per_year_lower_ci,
        "AnnualUpperCI": row.per_year_upper_ci,
    }


def _interval(row: Any) -> Row:
    return {
        "StandardError": row.standard_error,
        "LowerCI": row.lower_ci,
        "UpperCI": row.upper_ci,
    }


def _ept_row(point: CurvePoint) -> Row:
    return _interval(point) | {
        "SummaryId": _TOTAL,
        "EPCalc": _FULL_UNCERTAINTY,
        "EPType": point.ep_type,
        "ReturnPeriod": point.return_period,
        "Loss": point.loss,
        "TailEvents": point.tail_events,
    }


def _tail_row(measure: TailMeasure) -> Row:
    named = {"VaR": measure.var, "CVaR": measure.cvar}
    told = {
        f"{name}{key}": value
        for name, point in named.items()
        for key, value in _interval(point).items()
    }
    return {"Level": measure.level, **{name: p.loss for name, p in named.items()}, **told}


def _quarantine_row(risk: RiskTables) -> Row:
    given = risk.quarantine
    return {
        "NumEvents": given.n_events,
        "NumQuarantined": given.n_quarantined,
        "MeanLossLow": given.mean_loss_low,
        "MeanLossHigh": given.mean_loss_high,
        "Loss100Low": given.loss_100_years_low,
        "Loss100High": given.loss_100_years_high,
    }


def tornado_table(study: Study, rows: Sequence[TornadoRow]) -> pa.Table:
    """Make the table of the uncertain inputs, in the order given."""
    told = [
        {
            "Key": row.key,
            "Title": row.title,
            "Low": row.low,
            "High": row.high,
            "Assumed": row.assumed,
            "MeanLossLow": row.eal_low,
            "MeanLossBase": row.eal_base,
            "MeanLossHigh": row.eal_high,
            "Loss100Low": row.aep100_low,
            "Loss100Base": row.aep100_base,
            "Loss100High": row.aep100_high,
        }
        for row in rows
    ]
    return result_table("tornado", told, study.loss.currency)


def physical_table(study: Study, shards: Iterable[pa.Table]) -> pa.Table:
    """Summarise the physical outcomes of the twins that were simulated and did not diverge.

    Args:
        study: whose run it is.
        shards: the rows of the event table, part by part; only those of simulated twins are kept.
    """
    told = [(c.name, c.unit, c.description) for c in points_of(study.plant).damage_columns]
    told += [("end_h", "h", "process stopped or horizon reached, from the first plant action"),
             ("downtime_h", "h", "production lost: restart and repair")]  # fmt: skip
    lived = _of_simulated([name for name, _, _ in told], shards)
    rows: list[Row] = []
    for name, unit, description in told:
        named = {"Name": name, "Unit": unit, "Description": description}
        rows += [named | row for row in _spread(lived[name])]
    return result_table("physical", rows, study.loss.currency)


def _of_simulated(names: list[str], shards: Iterable[pa.Table]) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    others = pa.array(["no_action", "diverged"])
    parts = [
        shard.filter(pc.invert(pc.is_in(shard.column("status"), value_set=others))).select(names)
        for shard in shards
    ]
    lived = pa.concat_tables([part.replace_schema_metadata(None) for part in parts])
    return {
        name: lived.column(name).to_numpy(zero_copy_only=False).astype(np.float64) for name in names
    }


def _spread(values: Any) -> Iterator[Row]:
    values = values[np.isfinite(values)]
    if len(values):
        low, median, p95, high = np.quantile(values, [0.0, 0.5, 0.95, 1.0]).tolist()
        yield {
            "Number": len(values),
            "Mean": float(values.mean()),
            "StandardError": float(values.std() / np.sqrt(len(values))),
            "Low": low,
            "Median": median,
            "P95": p95,
            "High": high,
        }


def baseline_table(study: Study, outcomes: Outcomes) -> pa.Table:
    """Summarise twins that nobody touched, simulated under the same disturbances and noise.

    Args:
        study: whose plant it is.
        outcomes: of untouched twins.
    """
    rows: list[Row] = []
    n = len(outcomes.twin_id)
    for index, status in enumerate(STATUSES):
        hit = float(np.mean(outcomes.status == index))
        named = {"Name": status, "Unit": "1", "Description": f"share of twins that end {status}"}
        rows.append(named | {"Number": n, "Mean": hit, "Low": hit, "High": hit})
    for column in points_of(study.plant).damage_columns:
        values = outcomes.columns[column.name]
        named = {"Name": column.name, "Unit": column.unit, "Description": column.description}
        rows += [named | row for row in _spread(values)]
    return result_table("baseline", rows, study.loss.currency)

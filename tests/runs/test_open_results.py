"""Open Results Data as oasislmf writes it, and as it reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from otsim.errors import ReportError, StorageError
from otsim.risk.frequency import negative_binomial, poisson
from otsim.risk.year_table import period_loss
from otsim.runs.open_results import COLUMNS, export_open_results
from otsim.runs.plant_years import plant_years, years_for
from otsim.store import RunFolder, RunReader
from store.synthetic_run import finished_run, study_of

OEP, AEP = 1, 3
SETS = {1: "total", 2: "category", 3: "goal", 4: "entry", 5: "profile"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(tmp_path_factory.mktemp("runs") / "run", study_of(160))


@pytest.fixture(scope="module")
def exported(run: Path) -> Path:
    export_open_results(run, run.parent / "ord")
    return run.parent / "ord"


def table(folder: Path, name: str) -> dict[str, np.ndarray]:
    found = pq.read_table(folder / f"net_{name}.parquet")
    return {column: found.column(column).to_numpy() for column in found.column_names}


def yearly(splt: dict[str, np.ndarray], n_years: int) -> tuple[np.ndarray, np.ndarray]:
    """Largest loss and sum of losses of each year."""
    largest, total = np.zeros(n_years), np.zeros(n_years)
    np.maximum.at(largest, splt["Period"] - 1, splt["Loss"].astype(np.float64))
    np.add.at(total, splt["Period"] - 1, splt["Loss"].astype(np.float64))
    return largest, total


def years_of(folder: Path) -> int:
    metadata = pq.read_schema(folder / "net_S1_splt.parquet").metadata
    return int(metadata[b"otsim.n_periods"])


def test_columns_are_those_of_the_standard_and_no_others(exported: Path) -> None:
    files = sorted(path.name for path in exported.iterdir())
    assert len(files) == 3 * len(SETS) + 1
    for path in exported.glob("*.parquet"):
        name = path.stem.rpartition("_")[2]
        schema = pq.read_schema(path)
        assert [(field.name, str(field.type)) for field in schema] == [
            (column, kind.replace("float32", "float")) for column, kind in COLUMNS[name]
        ]


def test_groups_add_up_to_the_total_in_every_year(exported: Path) -> None:
    n_years = years_of(exported)
    _, want = yearly(table(exported, "S1_splt"), n_years)
    assert np.count_nonzero(want) > 1000
    for number in SETS:
        splt = table(exported, f"S{number}_splt")
        assert np.all(splt["Loss"] > 0.0)
        _, got = yearly(splt, n_years)
        np.testing.assert_allclose(got, want, rtol=1e-5)
        names = (exported / f"net_S{number}_summary-info.csv").read_text().splitlines()
        assert set(splt["SummaryId"]) <= set(range(1, len(names)))
        assert all(f",{SETS[number]}," in line for line in names[1:])


def test_years_of_the_sample_agree_with_the_exact_curves(exported: Path) -> None:
    """The exceedance probability of the exact loss, in the sample, within 4.5 standard errors."""
    n_years, ept = years_of(exported), table(exported, "S1_ept")
    largest, total = yearly(table(exported, "S1_splt"), n_years)
    for kind, losses in ((OEP, largest), (AEP, total)):
        at = ept["EPType"] == kind
        for period, loss in zip(ept["ReturnPeriod"][at], ept["Loss"][at], strict=True):
            chance = 1.0 / period
            error = 4.5 * np.sqrt(chance * (1.0 - chance) / n_years)
            above = np.mean(losses > loss * (1.0 + 1e-6))
            reached = np.mean(losses >= loss * (1.0 - 1e-6))
            assert above - error < chance < reached + error
    alt = table(exported, "S1_alt")
    error = float(alt["SDLoss"][0]) / np.sqrt(n_years)
    assert abs(np.mean(total) - alt["MeanLoss"][0]) < 4.5 * error


def test_the_same_run_gives_the_same_bytes(run: Path, exported: Path, tmp_path: Path) -> None:
    for path in export_open_results(run, tmp_path / "again"):
        assert path.read_bytes() == (exported / path.name).read_bytes()


@pytest.mark.parametrize("frequency", [poisson(0.4), poisson(3.0), negative_binomial(2.0, 0.7)])
def test_counts_of_years_have_the_frequency_of_the_study(frequency) -> None:
    years = plant_years(frequency, weights=np.ones(50), n_years=40_000, seed=1)
    counts = np.bincount(years.year - 1, minlength=years.n_years)
    error = np.sqrt(frequency.variance / years.n_years)
    assert abs(np.mean(counts) - frequency.mean) < 4.5 * error
    assert np.var(counts) == pytest.approx(frequency.variance, rel=0.1)
    used = np.bincount(years.campaign, minlength=50)
    assert np.max(np.abs(used - len(years.year) / 50)) < 4.5 * np.sqrt(len(years.year) / 50)
    assert (years.month.min(), years.month.max()) == (1, 12)
    assert (years.day.min(), years.day.max()) == (1, 31)
    assert set(years.month[years.day == 31]) == {1, 3, 5, 7, 8, 10, 12}


def test_campaigns_are_drawn_by_their_weight() -> None:
    weights = np.array([0.0, 1.0, 3.0, 0.0, 4.0, 0.0])
    years = plant_years(poisson(2.0), weights=weights, n_years=20_000, seed=2)
    shares = np.bincount(years.campaign, minlength=6) / len(years.campaign)
    error = np.sqrt(0.25 / len(years.campaign))
    assert np.max(np.abs(shares - weights / 8.0)) < 4.5 * error
    assert set(years.campaign) == {1, 2, 4}


def test_more_years_leave_the_first_counts_as_they_were() -> None:
    one = np.ones(9)
    few, many = (plant_years(poisson(2.0), weights=one, n_years=n, seed=3) for n in (100, 200))
    n = len(few.year)
    np.testing.assert_array_equal(few.year, many.year[:n])
    assert years_for((10.0, 1000.0)) == 100_000
    assert years_for(()) == 10_000


def test_a_run_that_is_not_finished_is_not_exported(tmp_path: Path) -> None:
    RunFolder.open(tmp_path / "run", study_of()).close()
    with pytest.raises(ReportError, match="not finished"):
        export_open_results(tmp_path / "run", tmp_path / "ord")
    with pytest.raises(StorageError, match="no run folder"):
        export_open_results(tmp_path / "nowhere", tmp_path / "ord")
    assert not (tmp_path / "ord").exists()


@pytest.mark.slow
def test_oasislmf_reads_it_back_and_agrees_on_the_grid(run: Path, exported: Path) -> None:
    """OEP and AEP at every whole rank, and at the run's return periods, by oasislmf's own code."""
    lec = pytest.importorskip("oasislmf.pytools.lec.data", reason="oasislmf is not installed")
    plt = pytest.importorskip("oasislmf.pytools.plt.data")
    from oasislmf.pytools.lec.aggreports.write_tables import write_ept

    found = pq.read_table(exported / "net_S1_splt.parquet")
    assert [(name, np.dtype(kind)) for name, kind, _ in plt.SPLT_output] == [
        (field.name, np.dtype(field.type.to_pandas_dtype())) for field in found.schema
    ]
    ept = pq.read_schema(exported / "net_S1_ept.parquet")
    assert [(name, np.dtype(kind)) for name, kind, _ in lec.EPT_output] == [
        (field.name, np.dtype(field.type.to_pandas_dtype())) for field in ept
    ]
    rows = np.empty(found.num_rows, plt.SPLT_dtype)
    for name in found.column_names:
        rows[name] = found.column(name).to_numpy()
    n_years = round(1.0 / float(rows["PeriodWeight"][0]))
    largest, total = yearly({name: rows[name] for name in rows.dtype.names}, n_years)
    asked = [n_years // rank for rank in (1, 2, 4, 5, 10, 20, 50, 100, 250, 500)]
    asked += [int(period) for period in RunReader.at(run).study().report.return_periods]
    for kind, losses in ((OEP, largest), (AEP, total)):
        years = np.flatnonzero(losses > 0.0)
        items = np.zeros(len(years), lec.LOSSVEC2MAP_dtype)
        items["summary_id"], items["period_no"], items["value"] = 1, years + 1, losses[years]
        chunks = write_ept(
            np.zeros(1000, lec.EPT_dtype), items, np.array([[0, len(items)]], np.int32), n_years,
            lec.FULL, kind, kind + 1, True, np.array(sorted(set(asked))[::-1], np.int32), 1,
        )  # fmt: skip
        answers = np.concatenate([chunk.copy() for chunk in chunks])
        answers = answers[answers["EPType"] == kind]
        assert len(answers) == len(set(asked))
        for answer in answers:
            want = period_loss(losses.astype(np.float32).astype(np.float64),
                               float(answer["ReturnPeriod"]))  # fmt: skip
            assert float(answer["Loss"]) == pytest.approx(want, rel=1e-6)

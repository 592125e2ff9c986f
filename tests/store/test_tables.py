"""Every column says what it holds, every file where it comes from, and null is never a number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from otsim.loss import CATEGORIES
from otsim.store import (
    TABLES,
    RunReader,
    baseline_table,
    event_schema,
    event_table,
    result_table,
    story_of,
)
from otsim.store.events import LOSS_CATEGORIES
from otsim.store.parquet_files import parquet_bytes, table_from
from store.synthetic_run import (
    events_of,
    finished_run,
    recorded_twins,
    study_of,
    twins_of,
    untouched,
)

ORD = {
    "alt": ["SummaryId", "SampleType", "MeanLoss", "SDLoss"],
    "alct": ["SummaryId", "MeanLoss", "SDLoss", "SampleSize", "LowerCI", "UpperCI",
             "StandardError", "RelativeError"],
    "ept": ["SummaryId", "EPCalc", "EPType", "ReturnPeriod", "Loss"],
}  # fmt: skip
PROVENANCE = ("schema", "version", "jax", "run_id", "config_sha256", "seed", "precision", "device",
              "currency", "period_years", "n_quarantined")  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(tmp_path_factory.mktemp("runs") / "run", study_of())


def test_every_column_of_every_file_has_a_unit_and_a_description(run: Path) -> None:
    files = [*run.glob("tables/*.parquet"), *run.glob("events/*.parquet")]
    assert len(files) > len(ORD)
    for path in files:
        for field in pq.read_schema(path):
            assert field.metadata, f"{path.name}: {field.name}"
            assert field.metadata[b"description"], f"{path.name}: {field.name}"
            assert b"unit" in field.metadata, f"{path.name}: {field.name}"


def test_every_file_says_where_it_comes_from(run: Path) -> None:
    facts = RunReader.at(run).facts
    for path in [*run.glob("tables/*.parquet"), *run.glob("events/*.parquet")]:
        told = pq.read_schema(path).metadata
        assert all(f"otsim.{key}".encode() in told for key in PROVENANCE), path.name
        assert told[b"otsim.run_id"].decode() == facts.run_id
        assert told[b"otsim.currency"] == b"EUR"
        assert told[b"otsim.seed"] == b"7"


@pytest.mark.parametrize("name", sorted(ORD))
def test_the_columns_of_open_results_data_come_first(name: str) -> None:
    assert [column.name for column in TABLES[name]][: len(ORD[name])] == ORD[name]


def test_money_columns_carry_the_currency(run: Path) -> None:
    schema = pq.read_schema(run / "tables/ept.parquet")
    assert schema.field("Loss").metadata[b"unit"] == b"EUR"
    assert schema.field("ReturnPeriod").metadata[b"unit"] == b"a"
    events = pq.read_schema(run / "events/shard-00000.parquet")
    assert events.field("loss_equipment").metadata[b"unit"] == b"EUR"
    assert events.field("peak_xmeas9").metadata[b"unit"] == "°C".encode()


def test_the_event_table_says_what_the_twins_say() -> None:
    study = study_of(512)
    campaigns, outcomes, losses = twins_of(study, range(512))
    table = event_table(study, campaigns, outcomes, losses)
    assert table.schema.equals(event_schema(study), check_metadata=True)
    rows = table.to_pylist()
    entries = study.attack.tree.entry_names
    for row, entry, end_h, total in zip(
        rows, campaigns.entry, outcomes.end_h, losses.total, strict=True
    ):
        assert row["entry"] == (None if entry < 0 else entries[entry])
        assert row["breached"] == (entry >= 0)
        assert row["end_h"] == (None if np.isnan(end_h) else end_h)
        assert row["loss"] == (None if np.isnan(total) else total)
    diverged = [row for row in rows if row["status"] == "diverged"]
    assert diverged
    for row in diverged:
        assert all(row[f"loss_{name}"] is None for name in CATEGORIES)
        assert row["downtime_h"] is None
    assert table.column("response_h").null_count == np.isinf(campaigns.response_h).sum()


def test_loss_categories_are_those_of_the_loss_stage() -> None:
    assert tuple(LOSS_CATEGORIES) == CATEGORIES


def test_tables_of_different_twins_are_not_joined() -> None:
    study = study_of()
    campaigns, outcomes, _ = twins_of(study, range(0, 8))
    _, _, losses = twins_of(study, range(8, 16))
    with pytest.raises(ValueError, match="not of the same twins"):
        event_table(study, campaigns, outcomes, losses)


def test_a_number_that_is_none_may_not_hide_in_a_column() -> None:
    row = {"SummaryId": 1, "Kind": "total", "Name": "total"}
    assert result_table("summaries", [row], "EUR").num_rows == 1
    bad = dict.fromkeys((column.name for column in TABLES["quarantine"]), 1) | {
        "MeanLossLow": float("nan")
    }
    with pytest.raises(ValueError, match="MeanLossLow"):
        result_table("quarantine", [bad], "EUR")


def test_the_same_table_gives_the_same_bytes_and_each_page_is_checked() -> None:
    table = events_of(study_of(), range(0, 32))
    data = parquet_bytes(table)
    chunked = pa.concat_tables([table.slice(0, 5), table.slice(5)])
    assert parquet_bytes(chunked) == data
    turned = dict(reversed((table.schema.metadata | {b"a": b"1", b"z": b"2"}).items()))
    straight = dict(reversed(turned.items()))
    assert parquet_bytes(table.replace_schema_metadata(turned)) == parquet_bytes(
        table.replace_schema_metadata(straight)
    )
    assert table_from(data).equals(table)
    broken = bytearray(data)
    broken[len(data) // 10] ^= 4
    with pytest.raises(OSError, match=r"(?i)crc|checksum|corrupt|magic|thrift|deserialize"):
        table_from(bytes(broken))


def test_a_recorded_twin_keeps_its_story() -> None:
    table = table_from(parquet_bytes(recorded_twins()["worst"]))
    story = story_of(table)
    assert story.role == "worst"
    assert [attack.target for attack in story.attacks] == ["XMEAS9", "XMV10"]
    told = table.schema.field("xmeas_9_seen").metadata
    assert told[b"description"] == b"reactor temperature, as the controllers read it"
    assert told[b"unit"] == "°C".encode()
    with pytest.raises(KeyError):
        story_of(events_of(study_of(), range(0, 2)))


def test_the_baseline_counts_what_untouched_twins_do() -> None:
    study = study_of()
    rows = {row["Name"]: row for row in baseline_table(study, untouched(study, 11)).to_pylist()}
    assert rows["horizon"]["Mean"] == 1.0
    assert rows["tripped"]["Mean"] == 0.0
    assert (rows["peak_xmeas7"]["Low"], rows["peak_xmeas7"]["High"]) == (2700.0, 2760.0)
    assert rows["peak_xmeas7"]["Mean"] == pytest.approx(2730.0, rel=1e-12)

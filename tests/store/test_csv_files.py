"""CSV that no spreadsheet runs, and that loses nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otsim.errors import StorageError
from otsim.store import RunReader
from otsim.store.csv_files import export_csv, guarded, unguarded
from store.synthetic_run import finished_run, study_of

DANGEROUS = "=+-@\t\r\n"


@given(st.text() | st.builds(lambda a, b: a + b, st.sampled_from(list(DANGEROUS + "'")), st.text()))
def test_guarded_text_starts_no_formula_and_comes_back(text: str) -> None:
    assert guarded(text)[:1] not in set(DANGEROUS)
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_formulas_get_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "stolen VPN password", "2-out-of-3", "it's", "'quoted'"])
def test_harmless_text_stays(text: str) -> None:
    assert guarded(text) == text


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = study_of()
    nodes = {
        ("=cmd|' /C calc'!A0" if name == "vendor laptop" else name): node.model_copy(
            update={
                "children": [
                    "=cmd|' /C calc'!A0" if child == "vendor laptop" else child
                    for child in node.children
                ]
            }
        )
        for name, node in study.attack.tree.nodes.items()
    }
    tree = study.attack.tree.model_copy(update={"nodes": nodes})
    attack = study.attack.model_copy(update={"tree": tree})
    named = study.model_copy(update={"attack": attack})
    return finished_run(tmp_path_factory.mktemp("runs") / "run", named)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_csv_says_what_the_parquet_says(run: Path, tmp_path: Path) -> None:
    files = export_csv(run, tmp_path / "csv")
    assert {path.name for path in files} >= {"events.csv", "ept.csv", "alt.csv", "tornado.csv"}
    events = RunReader.at(run).read_events().to_pylist()
    rows = rows_of(tmp_path / "csv" / "events.csv")
    assert len(rows) == len(events)
    for row, event in zip(rows, events, strict=True):
        assert unguarded(row["entry"]) == (event["entry"] or "")
        assert (float(row["loss"]) if row["loss"] else None) == event["loss"]
        assert row["acts"] == str(event["acts"]).lower()
        assert int(row["twin_id"]) == event["twin_id"]


def test_names_are_guarded_and_numbers_are_not(run: Path, tmp_path: Path) -> None:
    export_csv(run, tmp_path / "csv")
    export_csv(run, tmp_path / "raw", raw=True)
    safe = {row["entry"] for row in rows_of(tmp_path / "csv" / "events.csv")}
    raw = {row["entry"] for row in rows_of(tmp_path / "raw" / "events.csv")}
    assert "'=cmd|' /C calc'!A0" in safe
    assert "=cmd|' /C calc'!A0" in raw
    assert not [name for name in safe if name.startswith("=")]
    trace = (tmp_path / "csv" / "twin-worst.csv").read_text()
    assert "'" not in trace


def test_an_unfinished_run_is_not_exported(tmp_path: Path, run: Path) -> None:
    with pytest.raises(StorageError, match="no run folder"):
        export_csv(tmp_path, tmp_path / "csv")
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    with pytest.raises(StorageError, match="symbolic link"):
        export_csv(run, tmp_path / "link")

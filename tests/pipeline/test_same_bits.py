"""A twin is the same twin in any batch, shard, run length, worker and replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from otsim.cli import main
from otsim.errors import SimulationError
from otsim.recorded import replay_twin, stored_row
from otsim.store import RunReader, story_of
from otsim.study import run_study
from pipeline.whole_run import (
    SHARD,
    TWINS,
    command_line,
    events_of,
    hashes,
    rows_with,
    short_study,
)
from report.test_page import Opened
from report.test_page import browser as browser


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, by the command line, in this process."""
    out = tmp_path_factory.mktemp("runs") / "run"
    result = CliRunner().invoke(main, command_line(out, "--workers", "1", "--quiet"))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Expected annual loss ")
    assert result.stderr == ""
    return out


def test_the_short_study_shows_every_ending(run: Path) -> None:
    status = set(events_of(run).column("status").to_pylist())
    assert status >= {"no_action", "horizon", "tripped", "destroyed"}


@pytest.mark.slow
def test_a_finished_run_is_left_alone(run: Path) -> None:
    before = hashes(run)
    result = CliRunner().invoke(main, command_line(run, "--workers", "1", "--json"))
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["twins"] == TWINS
    assert told["diverged"] == 0
    assert hashes(run) == before


def test_another_shard_size_gives_the_same_rows(run: Path, tmp_path: Path) -> None:
    """Shards of 24 go in blocks of 32, as those of the run do: nothing is compiled again."""
    run_study(short_study(shard_size=24), tmp_path / "run", workers=1)
    assert events_of(tmp_path / "run").equals(events_of(run))


@pytest.mark.slow
def test_another_batch_and_shard_size_gives_the_same_rows(run: Path, tmp_path: Path) -> None:
    study = short_study("simulation.batch=128", shard_size=80)
    run_study(study, tmp_path / "run", workers=1)
    assert events_of(tmp_path / "run").equals(events_of(run))


@pytest.mark.slow
def test_other_shards_give_the_same_tables(run: Path, tmp_path: Path) -> None:
    run_study(short_study(shard_size=TWINS), tmp_path / "run", workers=1)
    for name in RunReader.at(run).table_names():
        file = f"tables/{name}.parquet"
        assert (tmp_path / "run" / file).read_bytes() == (run / file).read_bytes(), name


@pytest.mark.slow
def test_a_run_that_grows_keeps_its_twins(run: Path, tmp_path: Path) -> None:
    out, first = tmp_path / "run", 80
    run_study(short_study(twins=first), out, workers=1)
    grown = run_study(short_study(), out, workers=1)
    assert grown.n_twins == TWINS
    assert hashes(out) == hashes(run)
    with pytest.raises(SimulationError, match=f"with {TWINS} twins"):
        run_study(short_study(twins=first), out, workers=1)


def test_the_folder_of_another_study_is_refused_untouched(run: Path) -> None:
    before, noted = hashes(run), (run / "run.json").read_bytes()
    other = command_line(run, "-s", "loss.margin_per_hour=7201")
    result = CliRunner().invoke(main, other)
    assert result.exit_code == 2
    assert "of another study" in result.stderr
    assert result.stderr.count("\n") == 1
    assert hashes(run) == before
    assert (run / "run.json").read_bytes() == noted


ENDINGS = [
    {"status": "tripped"},
    {"status": "destroyed"},
    {"status": "horizon"},
    {"goal": "overheat_reactor", "status": "tripped"},  # behind a replay
    {"goal": "spoil_product", "status": "horizon"},  # behind replays of an hour
]


@pytest.mark.parametrize("wanted", ENDINGS, ids=lambda wanted: "-".join(wanted.values()))
def test_a_replayed_twin_is_the_stored_one(run: Path, wanted: dict[str, str]) -> None:
    row = next(rows_with(run, **wanted))
    replay = replay_twin(run, row["twin_id"], every_s=300)
    assert replay.row == row
    assert replay.table is not None
    story = story_of(replay.table)
    assert (story.status, story.cause or None) == (row["status"], row["cause"])
    end_h = replay.table.column("time_h").to_pylist()[-1]
    if row["status"] != "horizon":
        assert end_h - replay.lead_h == pytest.approx(row["end_h"], abs=1e-12)


def test_a_shutdown_by_the_defenders_is_replayed_too(run: Path) -> None:
    row = next(rows_with(run, status="shut_down"), None)
    if row is None:
        pytest.fail("no twin of the short study is shut down: choose another seed")
    assert replay_twin(run, row["twin_id"], every_s=600).row == row


@pytest.mark.slow
def test_replay_writes_beside_the_run_and_disturbs_nothing(run: Path) -> None:
    before = hashes(run)
    row = next(rows_with(run, status="tripped"))
    number = str(row["twin_id"])
    result = CliRunner().invoke(main, ["replay", str(run), "--twin", number, "--every", "5min"])
    assert result.exit_code == 0, result.output
    assert f"wants {row['goal']}" in result.stdout
    assert f"How it ended: tripped after {row['end_h']:.4f} h: {row['cause']}" in result.stdout
    assert "Same as stored: all " in result.stdout
    file = run / "replay" / f"twin-{number}.parquet"
    table = pq.read_table(file)
    assert story_of(table).twin_id == row["twin_id"]
    assert {"time_h", "xmeas_9", "xmeas_9_seen", "xmv_10", "xmv_10_received", "sp_3"} <= set(
        table.column_names
    )
    svg = file.with_suffix(".svg").read_text()
    assert svg.startswith("<svg xmlns=")
    assert "tripped" in svg
    again = CliRunner().invoke(main, command_line(run, "--workers", "1", "--quiet"))
    assert again.exit_code == 0, again.output
    after = hashes(run)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {
        f"replay/twin-{number}{end}" for end in (".parquet", ".svg")
    }


def test_replay_tells_all_in_one_object(run: Path, tmp_path: Path) -> None:
    row = next(rows_with(run, status="horizon"))
    out = tmp_path / "twin.parquet"
    options = ["--twin", str(row["twin_id"]), "--every", "0.5h", "--out", str(out), "--json"]
    result = CliRunner().invoke(main, ["replay", str(run), *options])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["event"] == row
    assert told["same_as_stored"] is True
    assert told["rows"] == pq.read_metadata(out).num_rows
    assert told["plot"] == str(out.with_suffix(".svg"))
    assert min(action["start_h"] for action in told["actions"]) == told["lead_h"]


def test_a_twin_that_never_acted_has_nothing_to_replay(run: Path) -> None:
    row = next(rows_with(run, status="no_action"))
    number = str(row["twin_id"])
    result = CliRunner().invoke(main, ["replay", str(run), "--twin", number])
    assert result.exit_code == 0, result.output
    assert "never touched the plant" in result.stdout
    assert not (run / "replay" / f"twin-{number}.parquet").exists()


@pytest.mark.parametrize("number", [-1, TWINS])
def test_replay_knows_the_range_of_twins(run: Path, number: int) -> None:
    result = CliRunner().invoke(main, ["replay", str(run), "--twin", str(number)])
    assert result.exit_code == 2
    assert f"there is no twin {number}; give one from 0 to {TWINS - 1}" in result.stderr
    assert result.stderr.count("\n") == 1


def test_replay_refuses_a_twin_that_came_out_otherwise(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = next(rows_with(run, status="tripped"))

    def a_last_bit_off(reader: RunReader, twin_id: int) -> dict[str, object]:
        true = stored_row(reader, twin_id)
        return {**true, "end_h": true["end_h"] * (1 + 2**-52)}

    monkeypatch.setattr("otsim.recorded.stored_row", a_last_bit_off)
    with pytest.raises(SimulationError, match=r"end_h is .*computed with jax .* on cpu"):
        replay_twin(run, row["twin_id"], every_s=600)


def test_the_report_opens_without_an_error_or_a_request(run: Path, browser: Any) -> None:
    page = run / "report.html"
    opened = Opened(browser, page)
    opened.page.wait_for_timeout(200)
    assert opened.heard == [f"request: {page.as_uri()}"]
    assert opened.page.locator("figure").count() >= 6
    assert "Expected annual loss" in opened.page.locator("body").inner_text()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 1200


@pytest.mark.slow
@pytest.mark.parametrize(("batch", "shard_size"), [(256, 512), (1024, 4096), (64, 4096)])
def test_true_batches_and_shards_give_the_same_rows(
    batch: int, shard_size: int, tmp_path: Path, many: Path
) -> None:
    study = short_study(f"simulation.batch={batch}", twins=4096, shard_size=shard_size)
    run_study(study, tmp_path / "run", workers=1)
    assert events_of(tmp_path / "run").equals(events_of(many))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 4,096 twins in batches of 64 and shards of 512."""
    out = tmp_path_factory.mktemp("runs") / "many"
    run_study(short_study(twins=4096, shard_size=512), out, workers=1)
    return out


def test_few_twins_are_many_twins_cut_off(run: Path) -> None:
    assert RunReader.at(run).facts.n_shards == -(-TWINS // SHARD)
    assert events_of(run).column("twin_id").to_pylist() == list(range(TWINS))


@pytest.mark.slow
def test_nets_of_points_are_cut_into_any_shards_and_grow(tmp_path: Path) -> None:
    """With the errors of every table from 4 nets of 32 twins, and the page says so."""
    nets = ("simulation.draws=sobol", "simulation.replicates=4")
    run_study(short_study(*nets, twins=128, shard_size=128), tmp_path / "one", workers=1)
    run_study(short_study(*nets, twins=64, shard_size=32), tmp_path / "grown", workers=1)
    run_study(short_study(*nets, twins=128, shard_size=32), tmp_path / "grown", workers=1)
    assert events_of(tmp_path / "grown").equals(events_of(tmp_path / "one"))
    for name in RunReader.at(tmp_path / "one").table_names():
        file = f"tables/{name}.parquet"
        assert (tmp_path / "grown" / file).read_bytes() == (tmp_path / "one" / file).read_bytes()
    loss = events_of(tmp_path / "one").column("loss").to_numpy()
    nets_mean = loss.reshape(32, 4).mean(axis=0)
    total = next(
        row
        for row in RunReader.at(tmp_path / "one").read_table("alt").to_pylist()
        if row["SummaryId"] == 1
    )
    rate = short_study().attackers.frequency.per_year
    error = rate * nets_mean.std(ddof=1) / 2.0
    assert total["StandardError"] == pytest.approx(error, rel=1e-9)
    assert "in 4 nets of Sobol points" in (tmp_path / "one" / "report.html").read_text()

"""R6, R23: workers that die cost no result; a shard that keeps killing them is quarantined."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from executors.synthetic_shards import (
    POISON,
    always_dies,
    dies_once,
    dies_unless_halved,
    files,
    made_up,
    quarantined,
    run_made_up,
    small_study,
)
from otsim.errors import GateError
from otsim.executors import WorkerLost
from otsim.executors.process_pool import SpawnedPool
from otsim.part_runs import merge_runs, run_part
from otsim.store import Part, RunReader

NEEDS_RAY = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")
CLUSTERS = [
    pytest.param("dask", marks=pytest.mark.slow),
    pytest.param("ray", marks=[NEEDS_RAY, pytest.mark.slow]),
]
EVERYWHERE = ["local", *CLUSTERS]
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.mark.parametrize("executor", EVERYWHERE)
def test_r23_a_killed_worker_changes_no_byte(
    executor: str, undisturbed: dict[str, bytes], shards: Callable[[Any], Path], tmp_path: Path
) -> None:
    """Seen to fail: with the lost shard left out, and with its error let through."""
    deaths, heard = shards(dies_once), list[str]()
    assert run_made_up(tmp_path / "run", executor, log=heard.append) is None
    assert len(deaths.read_text().splitlines()) == 1
    assert any("trying it again" in line for line in heard)
    assert files(tmp_path / "run") == undisturbed


@pytest.mark.parametrize("executor", ["local", pytest.param("dask", marks=pytest.mark.slow)])
def test_r06_killed_for_memory_a_shard_is_tried_again_at_half_the_batch(
    executor: str, undisturbed: dict[str, bytes], shards: Callable[[Any], Path], tmp_path: Path
) -> None:
    """Seen to fail: with the shard tried again as it was."""
    deaths = shards(dies_unless_halved)
    assert run_made_up(tmp_path / "run", executor) is None
    assert len(deaths.read_text().splitlines()) == 1
    assert files(tmp_path / "run") == undisturbed


@pytest.mark.parametrize(("executor", "kills"), [("local", 2), ("dask", 3)])
def test_r23_a_poison_shard_is_quarantined_and_the_run_ends_with_3(
    executor: str,
    kills: int,
    undisturbed: dict[str, bytes],
    shards: Callable[[Any], Path],
    tmp_path: Path,
) -> None:
    """Seen to fail: without a limit of tries (never ends), and without the gate (exit 0)."""
    deaths, out = shards(always_dies), tmp_path / "run"
    error = run_made_up(out, executor)
    assert error is not None
    assert error.exit_code == 3
    assert "1 of 12 shards are quarantined, shard 2: not computed: its" in str(error)
    assert "\n" not in str(error)
    assert len(deaths.read_text().splitlines()) == kills
    rows = quarantined(out)
    ours = [row for row in rows if POISON <= row["twin_id"] < POISON + 16]
    assert ours
    assert all(row["loss"] is None for row in ours)
    assert all(f"{kills} times" in row["cause"] for row in ours)
    [bounds] = RunReader.at(out).read_table("quarantine").to_pylist()
    assert bounds["NumQuarantined"] == len(rows)
    assert bounds["MeanLossLow"] < bounds["MeanLossHigh"]
    changed = {name for name, data in files(out).items() if undisturbed.get(name) != data}
    assert {name for name in changed if name.startswith("events/")} == {
        "events/shard-00002.parquet"
    }


def test_r06_what_was_given_up_is_computed_by_the_next_run(
    undisturbed: dict[str, bytes], shards: Callable[[Any], Path], tmp_path: Path
) -> None:
    """Seen to fail: with a quarantined shard taken for one that is done."""
    out, heard = tmp_path / "run", list[str]()
    shards(always_dies)
    assert run_made_up(out) is not None
    manifest = json.loads((out / "_manifest/shard-00002.json").read_text())
    assert "killed, as the system does when memory runs out" in manifest["given_up"]
    shards(made_up)
    assert run_made_up(out, workers=1, log=heard.append) is None
    assert [line.split(":")[0] for line in heard] == ["recomputing shard 2"]
    assert files(out) == undisturbed


def test_r23_a_part_with_a_poison_shard_ends_with_3_and_a_merge_names_its_part(
    undisturbed: dict[str, bytes], shards: Callable[[Any], Path], tmp_path: Path
) -> None:
    """Seen to fail: with the part's end unchecked (exit 0), and with the message of a whole run."""
    shards(always_dies)
    out, parts = tmp_path / "run", [Part(number=k, of=2) for k in (1, 2)]
    run_part(small_study(), out, parts[1], workers=1)
    with pytest.raises(GateError, match=r"part 1/2: 1 of its 6 shards .* shard 2: .*--shard 1/2\)"):
        run_part(small_study(), out, parts[0], workers=2)
    told = r"run the parts of shards 2 again \(otsim run STUDY --shard k/N"
    with pytest.raises(GateError, match=told) as caught:
        merge_runs([out], out, page=False)
    assert "same command" not in str(caught.value)
    shards(made_up)
    run_part(small_study(), out, parts[0], workers=1)
    merge_runs([out], out, page=False)
    assert files(out) == undisturbed


def _pid() -> int:
    import os

    return os.getpid()


def _end(code: int) -> None:
    import os

    os._exit(code)


def test_a_pool_goes_on_with_a_new_process_and_tells_how_the_old_one_ended() -> None:
    pool = SpawnedPool(2)
    try:
        before = {pool.submit(_pid).result() for _ in range(8)}
        with pytest.raises(WorkerLost, match="ended with 7"):
            pool.submit(_end, 7).result()
        after = {pool.submit(_pid).result() for _ in range(8)}
        assert len(before | after) >= len(before)
        assert after - before
    finally:
        pool.shutdown()

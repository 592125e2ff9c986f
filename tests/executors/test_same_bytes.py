"""R8: the files of a run are the same bytes wherever and in whatever order its shards are done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from executors.synthetic_shards import WITHOUT_PAGE, files, made_up, run_made_up, small_study
from otsim.errors import SimulationError, StorageError
from otsim.executors import Workplace
from otsim.part_runs import merge_runs, run_part
from otsim.store import Part, RunReader, parse_part
from otsim.study import complete_run, compute_shards, run_study
from pipeline.whole_run import hashes, short_study

NEEDS_RAY = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")
PLACES = [
    ("local", 1),
    ("local", 2),
    ("dask", 2),
    pytest.param("ray", 2, marks=[NEEDS_RAY, pytest.mark.slow]),
]


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize(("executor", "workers"), PLACES)
def test_r08_every_executor_gives_the_same_bytes(
    executor: str, workers: int, undisturbed: dict[str, bytes], shards: Any, tmp_path: Path
) -> None:
    """Seen to fail: with a task that the cluster could not call."""
    shards(made_up)
    assert run_made_up(tmp_path / "run", executor, workers) is None
    assert files(tmp_path / "run") == undisturbed


def test_r08_shards_done_in_any_order_give_the_same_bytes(
    undisturbed: dict[str, bytes], shards: Any, tmp_path: Path
) -> None:
    """Seen to fail: with the event table put together in the order in which shards were done."""
    from otsim.store import RunFolder

    shards(made_up)
    study, order = small_study(), np.random.default_rng(3)
    with RunFolder.open(tmp_path / "run", study) as folder:
        place = Workplace(executor=_Shuffled(order), ahead=100)
        compute_shards(
            study, folder, folder.missing_shards(), place,
            log=lambda line: None, progress=lambda state: None,
        )  # fmt: skip
        complete_run(study, folder, place, page=False, progress=lambda state: None)
    assert files(tmp_path / "run") == undisturbed


class _Shuffled(Executor):
    """Does tasks when asked for the result of any, the last handed over first as likely."""

    def __init__(self, order: np.random.Generator) -> None:
        self.order = order
        self.open: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.open.append((future, lambda: fn(*args, **kwargs)))
        if len(self.open) == 12:
            for place in self.order.permutation(12):
                waiting, call = self.open[place]
                waiting.set_result(call())
        return future


def test_r08_parts_in_folders_of_their_own_merge_to_the_same_bytes(
    undisturbed: dict[str, bytes], shards: Any, tmp_path: Path
) -> None:
    """Seen to fail: with the part's number in the metadata of a shard."""
    shards(made_up)
    folders = [tmp_path / f"part-{k}" for k in (1, 2, 3)]
    for k, folder in enumerate(folders, start=1):
        done = run_part(small_study(), folder, Part(number=k, of=3), workers=1)
        assert (done.n_shards, done.n_twins) == (4, 64)
        assert not (folder / "_SUCCESS").exists()
        assert not (folder / "tables").exists()
    merge_runs(folders, tmp_path / "whole", page=False)
    assert files(tmp_path / "whole") == undisturbed


def test_r08_parts_in_one_folder_merge_to_the_same_bytes(
    undisturbed: dict[str, bytes], shards: Any, tmp_path: Path
) -> None:
    """Seen to fail: with the lock of the whole folder held for as long as a part takes."""
    out = tmp_path / "run"
    processes = [_start_part(out, k) for k in (1, 2, 3)]
    for process in processes:
        _, told = process.communicate(timeout=300)
        assert process.returncode == 0, told
    shards(made_up)
    merge_runs([out], out, page=False)
    assert files(out) == undisturbed
    assert not [path for path in out.rglob(".*") if path.name not in (".lock", ".holder")]


_PART = """
import sys, pathlib
import otsim.work
from executors.synthetic_shards import made_up, small_study
from otsim.part_runs import run_part
from otsim.store import parse_part
otsim.work.computed_shard = made_up
run_part(small_study(), pathlib.Path(sys.argv[1]), parse_part(sys.argv[2]), workers=1)
"""


def _start_part(out: Path, k: int) -> subprocess.Popen[str]:
    path = os.pathsep.join(folder for folder in sys.path if folder)
    return subprocess.Popen(
        [sys.executable, "-c", _PART, str(out), f"{k}/3"], text=True,
        stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip


def test_a_part_goes_on_and_a_merge_names_what_is_missing_or_damaged(
    undisturbed: dict[str, bytes], shards: Any, tmp_path: Path
) -> None:
    """Seen to fail: with a merge that copies bytes without holding them against the manifest."""
    shards(made_up)
    first, second, whole = (tmp_path / name for name in ("1", "2", "whole"))
    run_part(small_study(), first, Part(number=1, of=2), workers=1)
    with pytest.raises(StorageError, match=r"no part has shards 1, 3, 5, 7, 9, 11 of 12; run the"):
        merge_runs([first], whole, page=False)
    run_part(small_study(), second, Part(number=2, of=2), workers=1)
    damaged = second / "events/shard-00003.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    heard: list[str] = []
    with pytest.raises(StorageError, match="no part has shards 3 of 12"):
        merge_runs([first, second], whole, page=False, log=heard.append)
    assert len(heard) == 1
    assert "left out" in heard[0]
    assert "shard-00003.parquet" in heard[0]
    run_part(small_study(), second, Part(number=2, of=2), workers=1, log=heard.append)
    assert "recomputing shard 3" in heard[1]
    merge_runs([first, second], whole, page=False)
    assert files(whole) == undisturbed


def test_a_merge_refuses_parts_of_different_runs(shards: Any, tmp_path: Path) -> None:
    """Seen to fail: without the comparison of run ids."""
    shards(made_up)
    study = small_study()
    other = study.model_copy(update={"simulation": study.simulation.model_copy(update={"seed": 8})})
    run_part(study, tmp_path / "1", Part(number=1, of=2), workers=1)
    run_part(other, tmp_path / "2", Part(number=2, of=2), workers=1)
    with pytest.raises(SimulationError, match=r"run [0-9a-f]{16} here, run [0-9a-f]{16} in .*1;"):
        merge_runs([tmp_path / "1", tmp_path / "2"], tmp_path / "whole", page=False)
    assert not (tmp_path / "whole").exists()


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/3", "1/3/5", "", "1/999999"])
def test_a_wrong_part_is_told_in_one_line(text: str) -> None:
    with pytest.raises(SimulationError, match="--shard") as caught:
        parse_part(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("n_shards", "of"), [(12, 5), (3, 8), (1, 1)])
def test_every_shard_is_in_one_part(n_shards: int, of: int) -> None:
    parts = [Part(number=k, of=of).shards(n_shards) for k in range(1, of + 1)]
    assert sorted(shard for part in parts for shard in part) == list(range(n_shards))


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_r08_real_twins_are_the_same_bytes_on_every_executor(tmp_path: Path) -> None:
    """The same with real twins, tables and page."""
    from otsim.executors import ExecutorChoice

    study, found = short_study(twins=96, shard_size=16), {}
    for name, kind, workers in (("one", "local", 1), ("pool", "local", 2), ("dask", "dask", 2)):
        out = tmp_path / name
        run_study(study, out, workers=workers, executor=ExecutorChoice(kind=kind))
        found[name] = hashes(out)
    parts = [tmp_path / f"part-{k}" for k in (1, 2, 3)]
    for k, part in enumerate(parts, start=1):
        run_part(study, part, Part(number=k, of=3), workers=1)
    merge_runs(parts, tmp_path / "merged")
    found["merged"] = hashes(tmp_path / "merged")
    assert all(files_of_one == found["one"] for files_of_one in found.values())


@pytest.mark.slow
@pytest.mark.parametrize("batch", [64, 192, 1024])
@pytest.mark.parametrize("n_shards", [1, 3, 7])
def test_r08_any_batch_and_shard_gives_the_same_rows(
    batch: int, n_shards: int, tmp_path: Path
) -> None:
    """The lengths of blocks and of shards are the computer's business alone."""
    rows = []
    for name, size, side in (("usual", 84, 64), ("other", -(-84 // n_shards), batch)):
        study = short_study(f"simulation.batch={side}", twins=84, shard_size=size)
        run_study(study, tmp_path / name, workers=1, among=WITHOUT_PAGE)
        rows.append(RunReader.at(tmp_path / name).read_events().replace_schema_metadata(None))
    assert rows[0].equals(rows[1])

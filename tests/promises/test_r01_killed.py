"""R1: `kill -9` anywhere, the same command again, and the bytes are the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from otsim.runs import verify_run
from otsim.store import RunReader
from otsim.store.faults import FAULT_POINTS, InjectedFault
from promises.ready_made_run import STUDY, commit_ready, ready_tables
from store.synthetic_run import files_of, finished_run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
KILLS = 3  # in each trial


class Nursery:
    """A process that has imported everything and forks a run whenever it is asked to."""

    def __init__(self, model: Path) -> None:
        path = os.pathsep.join(folder for folder in sys.path if folder)
        script = Path(__file__).with_name("ready_made_run.py")
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(script), str(model)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip

    def run(self, path: Path, kill_after_s: float = np.inf) -> float:
        """Run to the end, or until it is killed; returns how long it took, s."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(f"{kill_after_s} {path}", file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody stopped."""
    folder = tmp_path_factory.mktemp("whole")
    commit_ready(folder / "model", ready_tables(finished_run(folder / "run", STUDY)))
    return folder / "model"


@pytest.fixture(scope="module")
def nursery(model: Path) -> Iterator[Nursery]:
    started = Nursery(model)
    yield started
    started.process.communicate()


def committed(run: Path) -> dict[int, int]:
    """The i-node of each committed shard."""
    if not (run / "run.json").exists():
        return {}
    reader = RunReader.at(run)
    known = set(range(reader.facts.n_shards)) - set(reader.missing_shards())
    return {shard: (run / f"events/shard-{shard:05d}.parquet").stat().st_ino for shard in known}


@pytest.mark.parametrize(
    "trial", [0, 1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 20))]
)
def test_r01_killed_at_random_moments(
    nursery: Nursery, model: Path, tmp_path: Path, trial: int
) -> None:
    """Three kills a trial, 60 in all; the real command is killed in pipeline/test_killed_runs.py.

    Seen to fail: with `RunFolder._begin` not removing temporary files (one is left), and with
    `missing_shards` naming every shard (what was committed is computed again).
    """
    whole_s = nursery.run(tmp_path / "undisturbed")
    random, run = np.random.default_rng(trial), tmp_path / "run"
    kept: dict[int, int] = {}
    for _ in range(KILLS):
        nursery.run(run, kill_after_s=random.uniform(0.0, whole_s))
        now = committed(run)
        assert kept.items() <= now.items(), "committed work was lost, or done again"
        kept = now
    nursery.run(run)
    assert kept.items() <= committed(run).items()
    assert files_of(run) == files_of(model)
    assert not list(run.rglob(".tmp-*"))
    assert verify_run(run).damaged == ()


@pytest.mark.parametrize("point", FAULT_POINTS)
@pytest.mark.parametrize("stride", [29, pytest.param(1, marks=pytest.mark.slow)])
def test_r01_stopped_at_every_named_point(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, stride: int
) -> None:
    """Every commit of a whole run, tables and `_SUCCESS` among them, stopped at each fault point.

    Seen to fail: with files written in their place and not aside (`half_written` leaves half a
    file under its name, which `verify_run` names), and with the manifest written first.
    """
    ready, arrival = ready_tables(model), 1
    while True:
        run = tmp_path / f"run-{arrival}"
        monkeypatch.setenv("OTSIM_FAULT", f"{point}:{arrival}")
        try:
            commit_ready(run, ready)
        except InjectedFault:
            monkeypatch.delenv("OTSIM_FAULT")
        else:
            break
        if (run / "run.json").exists():  # what is there is whole before anyone tidies up
            assert verify_run(run).damaged == ()
        commit_ready(run, ready)
        assert files_of(run) == files_of(model), arrival
        arrival += stride
    monkeypatch.delenv("OTSIM_FAULT")
    assert arrival > 2 * len(ready) / stride

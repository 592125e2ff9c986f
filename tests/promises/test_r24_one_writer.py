"""R24: of two processes that want one folder, the second ends at once and says who holds it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from otsim.cli import main
from otsim.config import dump_study
from otsim.runs import run_status
from otsim.store import RunFolder
from store.synthetic_run import study_of

HOLDER = """
import pathlib, sys
from otsim.store import RunFolder
from store.synthetic_run import events_of, study_of
study = study_of()
folder = RunFolder.open(pathlib.Path(sys.argv[1]), study)
folder.commit_shard(1, events_of(study, folder.facts.twins_of(1)))
sys.stdout.write("held\\n")
sys.stdout.flush()
sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that writes the run, has committed a shard, and waits."""
    path = os.pathsep.join(folder for folder in sys.path if folder)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "run")], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_r24_the_second_is_told_the_pid_and_a_dead_holder_is_taken_over(
    holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    """Seen to fail: with the lock never taken (the second one starts to compute)."""
    run, study = tmp_path / "run", tmp_path / "study.yaml"
    study.write_text(dump_study(study_of()))
    began = time.monotonic()
    result = CliRunner().invoke(main, ["run", str(study), "--out", str(run)])
    assert time.monotonic() - began < 20.0  # under load; nothing was computed
    assert result.exit_code == 2, result.output
    assert f"process {holder.pid} is writing this run" in result.stderr

    told = json.loads(CliRunner().invoke(main, ["status", str(run), "--json"]).stdout)
    assert (told["state"], told["pid"]) == ("running", holder.pid)
    assert (told["shards_done"], told["shards"], told["twins_done"]) == (1, 3, 32)

    holder.kill()
    holder.wait()
    stopped = run_status(run)
    assert (stopped.state, stopped.pid, stopped.shards_done) == ("stopped", None, 1)
    with RunFolder.open(run, study_of()) as folder:
        assert folder.missing_shards() == [0, 2]
        assert run_status(run).pid == os.getpid()
    assert run_status(run).state == "stopped"

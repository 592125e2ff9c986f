"""`--executor`: what it takes, and one line about everything else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from otsim.cli import main
from otsim.errors import SimulationError
from otsim.executors import ExecutorChoice, choice, open_workplace, parse_executor
from otsim.executors.remote_task import here, run_remotely
from pipeline.whole_run import STUDY


def test_names_and_addresses_are_understood() -> None:
    assert parse_executor("local") == ExecutorChoice(kind="local")
    assert parse_executor("dask") == ExecutorChoice(kind="dask")
    assert parse_executor("dask://node7:8786") == ExecutorChoice(kind="dask", address="node7:8786")
    by_file = ExecutorChoice(kind="dask", address="/scratch/scheduler.json")
    assert parse_executor("dask:///scratch/scheduler.json") == by_file


@pytest.mark.parametrize("text", ["slurm", "local://x", "dask://", "", "dask:8786", "DASK"])
def test_others_are_refused_in_one_line(text: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["run", str(STUDY), "--out", str(tmp_path / "run"), "--executor", text]
    )
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "use local, dask, dask://HOST:PORT" in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("text", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_missing_package_is_named_with_its_extra(
    text: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    with pytest.raises(SimulationError, match=rf"{package} is not installed; pip install 'otsim\["):
        parse_executor(text)


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_scheduler_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from otsim.executors import dask_cluster

    monkeypatch.setattr(dask_cluster, "_CONNECT_S", 1)
    for address, words in (("127.0.0.1:1", "no scheduler answers"), ("/nowhere/s.json", "no such")):
        place = open_workplace(ExecutorChoice(kind="dask", address=address), None, tasks=1)
        with pytest.raises(SimulationError, match=words) as caught, place:
            pass
        assert "\n" not in str(caught.value)


def _answer() -> int:
    return 42


def test_a_worker_whose_bits_would_differ_refuses_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_remotely(here(), _answer) == 42
    for name in here():
        other: Mapping[str, str] = {**here(), name: "another"}
        with pytest.raises(SimulationError, match=f"a worker of the cluster has {name} "):
            run_remotely(other, _answer)
    import jax  # noqa: F401 - so that nothing can be set any more

    monkeypatch.setenv("XLA_FLAGS", "")
    with pytest.raises(SimulationError, match="JAX was already loaded on a worker"):
        run_remotely(here(), _answer)

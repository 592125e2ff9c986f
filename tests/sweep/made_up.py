"""Sweeps whose runs are made up, not simulated: a whole run folder in a blink."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otsim.config import Study, dump_study
from otsim.errors import SimulationError
from otsim.store import run_id
from otsim.study import OneOfMany, RunResult
from store.synthetic_run import finished_run, study_of

__all__ = ["FakeRuns", "study_file"]

TWINS = 128


def study_file(folder: Path, block: str = "", *, hostile: bool = False) -> Path:
    """Write a small study with a sweep block."""
    path = folder / "study.yaml"
    path.write_text(dump_study(study_of(TWINS, shard_size=64, hostile=hostile)) + block)
    return path


@dataclass
class FakeRuns:
    """Stands for `run_study`; remembers what it was asked."""

    asked: list[tuple[Path, OneOfMany, bool]] = field(default_factory=list)
    fails_at: float | None = None

    def __call__(self, study: Study, out: Path, **how: Any) -> RunResult:
        self.asked.append((out, how["among"], how.get("resume", True)))
        if study.loss.margin_per_hour == self.fails_at:
            raise SimulationError("made to fail")
        _made(out, study)
        return RunResult(
            run=out, report=out / "report.html", run_id=out.name, answer="",
            n_twins=study.simulation.twins, n_diverged=0,
        )  # fmt: skip


_MADE: dict[str, Path] = {}


def _made(out: Path, study: Study) -> None:
    """Make a run, or copy one of the same study that a test has made before."""
    known = _MADE.get(run_id(study))
    if known is not None and (known / "_SUCCESS").exists():
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(known, out)
        return
    finished_run(out, study)
    kept = Path(tempfile.mkdtemp(prefix="made-up-")) / "run"
    _MADE[run_id(study)] = Path(shutil.copytree(out, kept))

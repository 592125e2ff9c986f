"""How long a study will take and how much it will write: from a pilot of its first twins."""

from __future__ import annotations

import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from otsim.config import Study, with_value
from otsim.simulate.executors import available_workers, spawned_workers
from otsim.study import Progress, run_study
from otsim.work import get_ready

__all__ = ["Forecast", "forecast"]


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a run will cost.

    Attributes:
        twins, shards, workers: its size.
        pilot_twins: how many were run to find out.
        start_s: until every worker is ready, with what it compiles already on disk.
        twins_s: for all shards.
        report_s: for recordings, tables and the page.
        disk_bytes: of the run folder.
    """

    twins: int
    shards: int
    workers: int
    pilot_twins: int
    start_s: float
    twins_s: float
    report_s: float
    disk_bytes: int

    @property
    def total_s(self) -> float:
        """From the command to its end."""
        return self.start_s + self.twins_s + self.report_s


def forecast(study: Study, *, workers: int | None = None) -> Forecast:
    """Run a shard of a study on every worker, in a folder of its own, and extrapolate.

    Args:
        study: as read.
        workers: processes; None: as many as a run would take.
    """
    simulation = study.simulation
    shards = math.ceil(simulation.twins / simulation.shard_size)
    workers = min(workers or available_workers(), shards)
    pilot = with_value(
        study, "simulation.twins", min(simulation.twins, workers * simulation.shard_size)
    )
    get_ready(pilot.model_dump_json())  # compiles and fills the bank, which the run finds on disk
    start_s = _start_s(pilot, workers)
    clock = _Clock()
    with tempfile.TemporaryDirectory(prefix="otsim-pilot-") as folder:
        run_study(pilot, Path(folder) / "run", workers=workers, progress=clock.told)
        report_s = time.monotonic() - clock.at["report"]
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    share = simulation.twins / pilot.simulation.twins
    # a single worker is this process, which is ready by now
    pilot_start_s = start_s if workers > 1 else 0.0
    one_wave_s = max(clock.at["report"] - clock.at["twins"] - pilot_start_s, 0.0)
    return Forecast(
        twins=simulation.twins, shards=shards, workers=workers,
        pilot_twins=pilot.simulation.twins, start_s=start_s, twins_s=one_wave_s * share,
        report_s=report_s, disk_bytes=round(size * share),
    )  # fmt: skip


def _start_s(study: Study, workers: int) -> float:
    """Return how long it takes until all workers have everything that they need."""
    text, begin = study.model_dump_json(), time.monotonic()
    with spawned_workers(workers) as pool:
        for ready in [pool.submit(get_ready, text) for _ in range(workers)]:
            ready.result()
        return time.monotonic() - begin


class _Clock:
    """When each stage of a run began."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    def told(self, state: Progress) -> None:
        self.at.setdefault(state.stage, time.monotonic())

"""How long a study will take and how much it will write: from a pilot of its first twins."""

from __future__ import annotations

import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from otsim.config import Study
from otsim.executors import open_workplace
from otsim.executors.process_pool import spawned_workers
from otsim.simulate.devices import available_workers
from otsim.study import LOCAL, Progress, run_study
from otsim.work import get_ready

__all__ = ["Forecast", "forecast"]

_PART = 4  # of a study with a shard for each worker at most, a pilot is this part,
_ENOUGH = 512  # but at least so many twins a worker: fewer say little about those that live long


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
    pilot = _pilot(study, workers, shards)
    # compiles and fills the bank, which the run finds on disk; more workers than this process
    # leave the devices to them
    _get_ready(pilot, here=workers == 1)
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


def _get_ready(study: Study, *, here: bool) -> None:
    text = study.model_dump_json()
    if here:
        with open_workplace(LOCAL, 1, tasks=1) as place:
            place.ask(get_ready, text)()
        return
    with spawned_workers(1) as pool:
        pool.submit(get_ready, text).result()


def _pilot(study: Study, workers: int, shards: int) -> Study:
    """Cut a study to a shard for each worker; where that would be all of it, to a part of each."""
    simulation = study.simulation
    size = simulation.shard_size
    if shards <= workers:
        size = min(size, max(simulation.twins // (workers * _PART), _ENOUGH))
    twins = min(simulation.twins, workers * size)
    cut = {"shard_size": size, "twins": twins, "draws": "independent"}
    return study.model_copy(update={"simulation": simulation.model_copy(update=cut)})


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

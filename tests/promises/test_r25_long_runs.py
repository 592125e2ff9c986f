"""R25: a run of many shards takes no more memory and no more open files than one of few."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
import pytest

import otsim.study
import otsim.work
from executors.synthetic_shards import WITHOUT_PAGE, made_up
from otsim.study import Progress, run_study
from pipeline.whole_run import IDLE, short_study
from store.synthetic_run import study_of

MB_PER_100_SHARDS = 1.0
N_SHARDS = 300
SMALL = study_of(N_SHARDS // 2, shard_size=1)


@pytest.mark.parametrize("sampled", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_r25_memory_and_open_files_do_not_grow_with_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sampled: bool
) -> None:
    """Seen to fail: with every shard's table kept in a list, and with its file left open."""
    process, seen = psutil.Process(), list[tuple[int, float, int]]()

    def look(state: Progress) -> None:
        if state.stage == "twins" and state.done % 5 == 0:
            seen.append((state.done, process.memory_info().rss / 1e6, process.num_fds()))

    if not sampled:
        monkeypatch.setattr(otsim.work, "computed_shard", made_up)
        monkeypatch.setattr(otsim.study, "MAX_DIVERGED_SHARE", 1.0)
    study = short_study(*IDLE, twins=N_SHARDS, shard_size=1) if sampled else SMALL
    run_study(study, tmp_path / "run", workers=1, among=WITHOUT_PAGE, progress=look)
    shards, rss_mb, open_files = np.array(seen[len(seen) // 3 :]).T  # what is loaded once is there
    assert len(shards) > 15
    slope = np.polyfit(shards, rss_mb, 1)[0]
    assert 100.0 * slope < MB_PER_100_SHARDS
    assert len(set(open_files)) == 1

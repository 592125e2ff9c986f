"""R5: where memory runs out, fewer twins go side by side and the rows are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import pytest
from click.testing import CliRunner

import otsim.simulate.twins
import otsim.work
from otsim.cli import main
from otsim.config import with_value
from otsim.study import OneOfMany, run_study
from otsim.tilted_study import tilted
from pipeline.whole_run import command_line, events_of, short_study

TWINS = 48


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the device have room for so many twins; what it returns tells the blocks tried."""
    monkeypatch.setattr(otsim.work, "_halvings", {})

    def room_for(most: int) -> list[int]:
        real, tried = otsim.simulate.twins.advance, list[int]()

        def advance(kernel: Any, state: Any, *rest: Any) -> Any:
            tried.append(len(state.ending.status))
            if tried[-1] > most:
                raise jax.errors.JaxRuntimeError(
                    "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 137438953472 bytes."
                )
            return real(kernel, state, *rest)

        monkeypatch.setattr(otsim.simulate.twins, "advance", advance)
        return tried

    return room_for


def run(out: Path, batch: int) -> Any:
    size = ("-s", f"simulation.twins={TWINS}", "-s", f"simulation.batch={batch}")
    return CliRunner().invoke(main, command_line(out, *size, "--workers", "1"))


@pytest.mark.parametrize(
    ("batch", "room"),
    [
        pytest.param(batch, room, marks=pytest.mark.slow)
        for batch, room in ((64, 32), (256, 200), (256, 100), (256, 40))
    ],
)
def test_r05_out_of_memory_halves_what_goes_side_by_side(
    batch: int, room: int, blocks: Any, tmp_path: Path
) -> None:
    """Seen to fail: with the error let through."""
    small = short_study(f"simulation.batch={32}", twins=TWINS)
    run_study(small, tmp_path / "small", workers=1, among=OneOfMany(page=False))
    tried = blocks(room)
    result = run(tmp_path / "run", batch)
    assert result.exit_code == 0, result.output
    assert tried[0] == batch
    assert max(tried[tried.index(max(n for n in tried if n <= room)) :]) <= room
    told = [line for line in result.stderr.splitlines() if "out of memory" in line]
    assert len(told) == 1
    assert events_of(tmp_path / "run").equals(events_of(tmp_path / "small"))


def test_r05_no_room_for_one_tile_ends_with_5(blocks: Any, tmp_path: Path) -> None:
    """Seen to fail: without the smallest tile, the search never ends."""
    tried = blocks(16)
    result = run(tmp_path / "run", 64)
    assert result.exit_code == 5, result.output
    assert tried == [64, 32]
    assert result.stderr.count("not enough memory for 32 twins side by side") == 1
    assert "Traceback" not in result.stderr


OTHER_WORK = {
    "baseline": ("otsim.work.baseline_outcomes", lambda text: otsim.work.baseline(text)),
    "recordings": ("otsim.work.record_campaigns", lambda text: otsim.work.recordings(text, [0, 1])),
    "campaigns": (
        "otsim.work.simulate_campaigns",
        lambda text: otsim.work.outcomes_of(text, otsim.work.campaigns_of(text, 0)),
    ),
}


class Cramped:
    """Stands for work on twins that has room for 64 of them side by side."""

    def __init__(self) -> None:
        self.tried: list[int | None] = []

    def __call__(self, *given: Any, **_: Any) -> Any:
        [twins] = [each for each in given if hasattr(each, "most_abreast")]
        self.tried.append(twins.most_abreast)
        if (twins.most_abreast or 256) > 64:
            raise MemoryError
        return []


@pytest.mark.parametrize("name", OTHER_WORK)
def test_r05_all_work_on_twins_goes_on_in_less_memory(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: with the loop around shards alone."""
    path, work = OTHER_WORK[name]
    cramped = Cramped()
    monkeypatch.setattr(otsim.work, "_halvings", {})
    monkeypatch.setattr(path, cramped)
    monkeypatch.setattr(otsim.work, "baseline_table", lambda *_: None)
    work(short_study("simulation.batch=256", twins=256, shard_size=256).model_dump_json())
    assert cramped.tried == [None, 128, 64]


def test_r05_pilots_of_importance_sampling_go_on_in_less_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: with the pilots run outside of the loop."""
    cramped = Cramped()
    monkeypatch.setattr(otsim.work, "_halvings", {})
    monkeypatch.setattr("otsim.rare_events.tail_pilot.found_tilt", cramped)
    monkeypatch.setattr("otsim.rare_events.tail_pilot.with_tilt", lambda study, _tilt: study)
    study = short_study("simulation.batch=256", twins=256, shard_size=256)
    tilted(with_value(study, "simulation.sampling", "importance"), tmp_path / "none")
    assert cramped.tried == [None, 128, 64]

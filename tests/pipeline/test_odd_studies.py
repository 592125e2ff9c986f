"""Studies that end otherwise: nobody acts, twins diverge, float64, disturbances, every response."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from click.testing import CliRunner

from otsim.attack import compile_attack, sample_campaigns
from otsim.cli import main
from otsim.config import PLANT_POINTS, Study
from otsim.draws import Streams
from otsim.errors import GateError
from otsim.simulate.plans import action_clock, lead_ticks
from otsim.store import RunReader
from otsim.study import run_study
from otsim.work import recordings, shard_events
from pipeline.whole_run import SHARD, TWINS, command_line, events_of, rows_with, short_study

FEW = 48


def test_a_study_in_which_nobody_acts(tmp_path: Path) -> None:
    at_once = ("defence.response.delay_h=0", "defence.response.probability=1")
    hopeless = ("attackers.frequency.count=attempts", "attackers.budget_d=1.0e-6")
    out = tmp_path / "run"
    result = run_study(short_study(*hopeless, *at_once, twins=FEW), out, workers=1)
    assert result.n_diverged == 0
    rows = events_of(out).to_pylist()
    assert {row["status"] for row in rows} == {"no_action"}
    assert {row["end_h"] for row in rows} == {None}
    assert RunReader.at(out).read_table("baseline").num_rows > 0
    assert not [name for name in RunReader.at(out).table_names() if name.startswith("twin-")]
    page = result.report.read_text()
    assert "NaN" not in page
    told = CliRunner().invoke(main, ["replay", str(out), "--twin", "0"])
    assert told.exit_code == 0, told.output
    assert "never touched the plant" in told.stdout


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Twins whose process starts with numbers that are none."""
    from otsim.simulate import twins

    sound, chosen = twins._warm, set[int]()

    def warm(model: Any, twin_id: Any) -> Any:
        state = sound(model, twin_id)
        sick = np.isin(twin_id, list(chosen))
        physical = jax.tree.map(
            lambda leaf: np.where(sick, leaf.dtype.type(np.nan), leaf), state.plant.physical
        )
        return replace(state, plant=replace(state.plant, physical=physical))

    monkeypatch.setattr(twins, "_warm", warm)
    return chosen


@pytest.mark.slow
def test_twins_that_diverge_are_counted_never_averaged(poisoned: set[int], tmp_path: Path) -> None:
    sound_run, sick_run = tmp_path / "sound", tmp_path / "sick"
    run_study(short_study(twins=FEW), sound_run, workers=1)
    lived = [row["twin_id"] for row in events_of(sound_run).to_pylist() if row["end_h"] is not None]
    poisoned |= {lived[0], lived[-1]}
    with pytest.raises(GateError, match=f"2 of {FEW} twins diverged") as caught:
        run_study(short_study(twins=FEW), sick_run, workers=1)
    assert caught.value.exit_code == 3
    for sound, sick in zip(
        events_of(sound_run).to_pylist(), events_of(sick_run).to_pylist(), strict=True
    ):
        if sick["twin_id"] not in poisoned:
            assert sick == sound
            continue
        assert sick["status"] == "diverged"
        assert sick["loss"] is None
        assert sick["downtime_h"] is None
        assert all(sick[name] is None for name in sick if name.startswith("loss_"))
        assert not any(sick[name] for name in sick if name.startswith("damaged_"))
    [bounds] = RunReader.at(sick_run).read_table("quarantine").to_pylist()
    assert (bounds["NumEvents"], bounds["NumQuarantined"]) == (FEW - 2, 2)
    [all_sound] = RunReader.at(sound_run).read_table("quarantine").to_pylist()
    assert all_sound["NumQuarantined"] == 0
    sound_mean = all_sound["MeanLossLow"]
    assert all_sound["MeanLossHigh"] == sound_mean
    assert bounds["MeanLossLow"] < sound_mean < bounds["MeanLossHigh"]
    page = (sick_run / "report.html").read_text()
    assert "diverged" in page
    for name in RunReader.at(sick_run).table_names():
        metadata = RunReader.at(sick_run).read_table(name).schema.metadata
        assert metadata[b"otsim.n_quarantined"] == b"2", name


@pytest.mark.slow
def test_the_command_ends_with_3_and_leaves_the_report(poisoned: set[int], tmp_path: Path) -> None:
    out = tmp_path / "run"
    acting = short_study(twins=FEW)
    run_study(acting, tmp_path / "sound", workers=1)
    poisoned |= {next(rows_with(tmp_path / "sound", acts=True, status="tripped"))["twin_id"]}
    small = ("-s", f"simulation.twins={FEW}", "--workers", "1", "--json")
    result = CliRunner().invoke(main, command_line(out, *small))
    assert result.exit_code == 3, result.output
    assert '"code": "GateError"' in result.stdout
    assert (out / "report.html").exists()
    assert (out / "_SUCCESS").exists()


@pytest.mark.slow
def test_float64_with_disturbances(tmp_path: Path) -> None:
    study = short_study(
        "simulation.precision=float64", "plant.disturbances.idv=[1, 8, 13]", twins=FEW
    )
    out = tmp_path / "run"
    assert run_study(study, out, workers=1).n_diverged == 0
    assert RunReader.at(out).facts.precision == "float64"
    peaks = [row["peak_xmeas7"] for row in events_of(out).to_pylist() if row["end_h"] is not None]
    assert any(peak != float(np.float32(peak)) for peak in peaks)
    row = next(rows_with(out, status="tripped"))
    told = CliRunner().invoke(
        main, ["replay", str(out), "--twin", str(row["twin_id"]), "--every", "0.5h"]
    )
    assert told.exit_code == 0, told.output


def twin_cut_short(study: Study) -> tuple[int, float]:
    """Find a campaign that opens the purge at once and is answered within the twin's life."""
    campaigns = sample_campaigns(
        compile_attack(study), 0, 20_000, draws=Streams(seed=study.simulation.seed)
    )
    clock = action_clock(campaigns)
    purge = campaigns.goal == list(study.attack.goals).index("waste_through_purge")
    answered = (clock.response_h > 0.2) & (clock.response_h < 2.0)
    found = np.flatnonzero(purge & answered & clock.acts)
    return int(found[0]), float(clock.response_h[found[0]])


@pytest.mark.parametrize("action", ["isolate", "restore", "shut_down"])
def test_every_response_cuts_the_campaign_its_own_way(action: str) -> None:
    study = short_study(f"defence.response.action={action}", "defence.operators=null")
    text, signals = study.model_dump_json(), PLANT_POINTS[study.plant.model]
    twin, response_h = twin_cut_short(study)
    [row] = shard_events(text, twin, 1).to_pylist()
    [seen] = recordings(text, [twin], 60)
    since_h = (seen.tick - lead_ticks(study)) / 3600.0
    commanded, received = seen.signals["xmv_6"], seen.signals["xmv_6_received"]
    attacked = (since_h >= 0.0) & (since_h < response_h)
    later = since_h > response_h + 1.0 / 60.0
    assert np.all(received[attacked] >= 70.0)
    if action == "shut_down":
        assert (row["status"], row["cause"]) == ("shut_down", "shut down by the defenders")
        assert row["end_h"] == pytest.approx(response_h, abs=0.5 / 3600.0 + 1e-9)
        assert not later.any()
        return
    assert row["status"] == "horizon"
    assert later.sum() > 30
    np.testing.assert_array_equal(received[later], np.clip(commanded[later], 0.0, 100.0))
    # the A feed has closed far by then; a reload opens it as in the base case, isolation does not
    feed = seen.signals["xmv_3"]
    at, base = np.flatnonzero(since_h > response_h)[0], signals.by_name["XMV3"].normal
    assert base is not None
    assert abs(feed[at - 1] - base) > 5.0
    settled_at = base if action == "restore" else feed[at - 1]
    assert abs(feed[at] - settled_at) < 1.0


@pytest.mark.slow
def test_a_dry_run_tells_a_price_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = command_line(tmp_path / "run", "--dry-run", "--workers", "1")
    asked = [word for word in whole if word not in ("--out", str(tmp_path / "run"))]
    told = CliRunner().invoke(main, [*asked, "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    parts = [found[name] for name in ("start_s", "twins_s", "report_s")]
    assert found["total_s"] == pytest.approx(sum(parts))
    assert all(part > 0.0 for part in parts)
    assert found["pilot_twins"] == SHARD  # a shard on the one worker
    assert found["twins"] == TWINS
    assert found["disk_bytes"] > 10_000
    assert list(tmp_path.iterdir()) == []
    words = CliRunner().invoke(main, whole)
    shards = math.ceil(TWINS / SHARD)
    assert words.stdout.startswith(f"{TWINS} twins in {shards} shards on 1 worker: about ")
    assert not (tmp_path / "run").exists()

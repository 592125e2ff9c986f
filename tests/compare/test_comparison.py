"""Runs and studies compared: paired where they may be, gated, told as one object and as JUnit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from otsim.cli import main
from otsim.compare import compare_runs, compare_studies
from otsim.compare.charts import change_rows
from otsim.compare.comparison import measures_of
from otsim.compare.studies import Subject
from otsim.config import Study, dump_study, with_value
from otsim.config.study_tilt import Tilt, TiltedComponent
from otsim.errors import ConfigError, GateError, SimulationError
from otsim.growing_run import grow_run, next_twins
from otsim.rare_events.tail_pilot import with_tilt
from otsim.risk.changes import Change
from otsim.risk.conditions import stop_rule
from otsim.risk.events import study_frequency
from otsim.risk.measure_errors import estimate
from otsim.risk.named_measures import measure_of
from otsim.store import RunFolder, RunReader
from otsim.store.stored_losses import chosen_events, stored_losses
from otsim.study import RunResult
from store.synthetic_run import finished_run, study_of

TWINS = 256
MARGIN = "loss.margin_per_hour"
MEANS = [measure_of("eal"), measure_of("p_damaged")]
STUDY = study_of(TWINS, shard_size=64)
NO_TILT = Tilt(bins={}, components=(TiltedComponent(name="nominal", share=1.0),))
CHEAPER = with_value(STUDY, MARGIN, 9000.0)


def made(study: Study, out: Path, **_: Any) -> RunResult:
    """Stand for `run_study`."""
    finished_run(out, study)
    return RunResult(run=out, report=out / "report.html", run_id="", answer="Expected.",
                     n_twins=study.simulation.twins, n_diverged=0)  # fmt: skip


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otsim.risk.changes._RESAMPLES", 20)  # for speed; no test looks at tails


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("compared")
    studies = {
        "base": STUDY,
        "cheaper": CHEAPER,
        "fewer": study_of(128, shard_size=64),
        "lucky": with_value(STUDY, "simulation.seed", 8),
        "dollars": with_value(STUDY, "loss.currency", "USD"),
    }
    return {name: finished_run(folder / name, study) for name, study in studies.items()}


def test_runs_of_one_seed_are_paired(runs: dict[str, Path]) -> None:
    pair = compare_runs([runs["base"], runs["cheaper"]], MEANS).pairs[0]
    change = pair.change(MEANS[0])
    assert pair.is_paired
    assert (pair.first.label, pair.second.label) == ("base", "cheaper")
    assert change.upper < 0.0
    assert change.narrower > 2.0
    assert 0 < (pair.n_different or 0) < TWINS


WHY = {"lucky": "different seeds, 7 and 8", "fewer": "different numbers of twins, 256 and 128"}


@pytest.mark.parametrize("other", WHY)
def test_runs_that_share_no_luck_say_so(runs: dict[str, Path], other: str) -> None:
    pair = compare_runs([runs["base"], runs[other]], MEANS).pairs[0]
    assert not pair.is_paired
    assert WHY[other] in pair.why_unpaired
    assert pair.n_different is None
    change = pair.change(MEANS[0])
    assert change.narrower == pytest.approx(1.0)
    result = compare(str(runs["base"]), str(runs[other]))
    assert "are not paired" in result.stdout


def test_estimates_agree_with_the_tables_of_the_run(runs: dict[str, Path]) -> None:
    """What `--until` looks at is what the report says."""
    reader = RunReader.at(runs["base"])
    stored = stored_losses(STUDY, reader)
    events = chosen_events(stored, stored.loss == stored.loss)
    frequency = study_frequency(STUDY)
    tail = {row["Level"]: row for row in reader.read_table("tail").to_pylist()}[0.99]
    total = reader.read_table("alt").to_pylist()[0]
    chance = {row["Name"]: row for row in reader.read_table("probabilities").to_pylist()}
    for name, value, error in (
        ("eal", total["MeanLoss"], total["StandardError"]),
        ("var99", tail["VaR"], tail["VaRStandardError"]),
        ("cvar99", tail["CVaR"], tail["CVaRStandardError"]),
        ("p_damaged", chance["damaged"]["AnnualProbability"], None),
        ("p_acts", chance["acts"]["AnnualProbability"], None),
    ):
        found = estimate(measure_of(name), events, frequency)
        assert found.value == pytest.approx(value, rel=1e-9)
        if error is not None:
            assert found.standard_error == pytest.approx(error, rel=1e-9)


def test_two_currencies_are_refused(runs: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match="USD"):
        compare_runs([runs["base"], runs["dollars"]], MEANS)


def test_importance_sampling_is_refused(tmp_path: Path, runs: dict[str, Path]) -> None:
    """Seen to fail: with runs of two tilts paired twin by twin."""
    study = with_value(study_of(64, shard_size=64), "simulation.sampling", "importance")
    with pytest.raises(ConfigError, match=r"s1: simulation.sampling: importance: comparisons are"):
        compare_studies(subjects(STUDY, study), tmp_path / "out", MEANS, run=made)
    assert not (tmp_path / "out").exists()
    RunFolder.open(tmp_path / "tilted", with_tilt(study, NO_TILT)).close()
    with pytest.raises(ConfigError, match=r"tilted: simulation.sampling: importance: comparisons"):
        compare_runs([runs["base"], tmp_path / "tilted"], MEANS)


def test_a_change_beyond_the_chart_is_not_drawn_as_another() -> None:
    """Seen to fail: with the point drawn at the chart's end."""

    def change(second: float) -> Change:
        return Change(
            measure=MEANS[0], first=1.0, second=second, lower=second - 2.0, upper=second,
            unpaired_lower=second - 9.0, unpaired_upper=second + 9.0, standard_error=0.5,
            unpaired_error=4.0, paired=True,
        )  # fmt: skip

    near, far = change_rows([change(3.0), change(400.0)])
    assert (near["is_shown"], near["change"], near["low"], near["high"]) == (True, 200, 100, 300)
    assert not far["is_shown"]
    assert far["measure"] == f"{near['measure']} (off the chart)"


def subjects(*studies: Study) -> list[Subject]:
    return [Subject(label=f"s{i}", study=study) for i, study in enumerate(studies)]


def test_studies_grow_until_the_sign_is_decided(tmp_path: Path) -> None:
    """From 64 twins; the interval looked at is stricter than 95 %."""
    small = [study_of(64, shard_size=64), with_value(study_of(64, shard_size=64), MARGIN, 11000.0)]
    rule = stop_rule("sign(eal)", paired=True)
    decision = compare_studies(
        subjects(*small), tmp_path, MEANS, rules=[rule], most_twins=512, run=made
    )
    change = decision.comparison.pairs[0].change(MEANS[0])
    assert decision.reached
    assert change.is_decided
    assert decision.told == ("sign(eal): decided, below 0",)
    sizes = {run.facts.twins for run in decision.comparison.runs}
    assert sizes == {64 * 2 ** (decision.looks - 1)}


def test_equal_studies_are_never_decided_but_end(tmp_path: Path) -> None:
    small = study_of(64, shard_size=64)
    rule = stop_rule("sign(eal)", paired=True)
    other = small.model_copy(update={"title": "the same under another title"})
    decision = compare_studies(
        subjects(small, other), tmp_path, MEANS, rules=[rule], most_twins=128, run=made
    )
    assert not decision.reached
    assert decision.looks == 2


def test_growth_needs_studies_and_studies_a_folder(runs: dict[str, Path], tmp_path: Path) -> None:
    finished = [Subject(label=name, run=runs[name]) for name in ("base", "cheaper")]
    rule = stop_rule("sign(eal)", paired=True)
    with pytest.raises(SimulationError, match="--until lets studies grow"):
        compare_studies(finished, tmp_path, MEANS, rules=[rule], run=made)
    with pytest.raises(SimulationError, match="say where by --out"):
        compare_studies(subjects(STUDY, CHEAPER), None, MEANS, run=made)


def compare(*options: str):
    return CliRunner().invoke(main, ["compare", *options])


def test_a_gate_ends_with_3_and_tells_a_pipeline(runs: dict[str, Path], tmp_path: Path) -> None:
    report, out = tmp_path / "junit.xml", tmp_path / "out"
    options = ("--fail-on", "eal > -1%", "--fail-on", "high(eal) > 0", "--junit", str(report))
    both = [str(runs["base"]), str(runs["cheaper"])]
    passed = compare(*both, "--fail-on", "eal > +5%", "--out", str(out))
    assert passed.exit_code == 0, passed.output
    assert passed.stdout.splitlines()[0].startswith("cheaper costs")
    failed = compare(*reversed(both), *options, "--json")
    assert failed.exit_code == 3
    told = json.loads(failed.stdout)
    assert [gate["failed"] for gate in told["gates"]] == [True, True]
    assert told["error"]["code"] == "GateError"
    suite = ElementTree.fromstring(report.read_text())[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "2")
    assert suite[0].get("name") == "base: eal > -1%"
    assert "95 % interval" in suite[0][0].get("message", "")
    plain = compare(*reversed(both), *options)
    assert plain.exit_code == 3
    assert plain.stderr.startswith("--fail-on 'eal > -1%': eal of base is")
    assert plain.stderr.count("\n") == 1


def test_page_and_table_say_the_same(runs: dict[str, Path], tmp_path: Path) -> None:
    three = [str(runs[name]) for name in ("base", "cheaper", "lucky")]
    result = compare(*three, "--out", str(tmp_path / "out"), "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    rows = pq.read_table(tmp_path / "out" / "differences.parquet").to_pylist()
    assert [row["Difference"] for row in rows] == [
        change["difference"] for pair in told["pairs"] for change in pair["changes"]
    ]
    page = (tmp_path / "out" / "compare.html").read_text()
    assert "base against cheaper against lucky" in page
    assert "are not paired: they have different seeds" in page
    assert "<script" not in page
    assert page.count("<svg ") == 4


WRONG = [
    (("base",), "two or more"),
    (("base", "cheaper", "--fail-on", "eal"), "not a gate"),
    (("base", "cheaper", "--until", "sign(eal)"), "--until lets studies grow"),
    (("base", "cheaper", "--most-twins", "9"), "add --until GOAL"),
    (("base", "cheaper", "-s", "simulation.seed=9"), "all of these are finished runs"),
    (("base", "cheaper", "--measure", "eel"), "measure 'eel'"),
    (("base", "nowhere.yaml"), "nowhere.yaml"),
]


@pytest.mark.parametrize(("options", "words"), WRONG)
def test_a_wrong_wish_is_one_line(
    runs: dict[str, Path], options: tuple[str, ...], words: str
) -> None:
    result = compare(*(str(runs.get(option, option)) for option in options))
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_run_grows_in_whole_shards_until_its_error_is_small(tmp_path: Path) -> None:
    study, sizes = study_of(64, shard_size=64), list[int]()

    def run(given: Study, out: Path, **how: Any) -> RunResult:
        sizes.append(given.simulation.twins)
        return made(given, out)

    rule = stop_rule("rel_se(eal)=30%", paired=False)
    growth = grow_run(study, tmp_path / "run", (rule,), run=run)
    assert growth.reached
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 1
    assert all(size % 64 == 0 for size in sizes)
    total = RunReader.at(tmp_path / "run").read_table("alt").to_pylist()[0]
    assert total["StandardError"] <= 0.3 * total["MeanLoss"]
    before = len(sizes)
    grow_run(study, tmp_path / "run", (rule,), run=run)  # what is there is not made smaller
    assert sizes[before:] == [sizes[before - 1]] * 2


def test_growth_that_ends_too_early_is_a_gate(tmp_path: Path) -> None:
    rule = stop_rule("rel_se(eal)=0.01%", paired=False)
    with pytest.raises(GateError, match=r"rel_se\(eal\)=0.01%: reached .* after 128 twins"):
        grow_run(study_of(64, shard_size=64), tmp_path / "run", (rule,), most_twins=128, run=made)
    assert (tmp_path / "run" / "_SUCCESS").exists()


def test_sizes_are_whole_shards_or_whole_nets() -> None:
    study = study_of(100, shard_size=64)
    assert next_twins(study, 150.0, 10_000) == 192
    assert next_twins(study, 1e9, 10_000) == 448  # four times as many at once, at the most
    assert next_twins(study, 300.0, 150) == 150
    assert next_twins(study, 90.0, 10_000) == 100
    nets = with_value(study_of(256, shard_size=64), "simulation.draws", "sobol")
    assert next_twins(nets, 300.0, 10_000) == 512
    assert next_twins(nets, 300.0, 400) == 256


def test_compared_measures_are_said_once() -> None:
    assert len(measures_of(measure_of("eal"), measure_of("pml250"))) == len(measures_of()) + 1


def test_a_study_file_stands_for_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(compare_studies.__kwdefaults__, "run", made)
    for name, study in (("a", STUDY), ("b", CHEAPER)):
        (tmp_path / f"{name}.yaml").write_text(dump_study(study))
    files = [str(tmp_path / f"{name}.yaml") for name in "ab"]
    result = compare(*files, "--out", str(tmp_path / "out"), "-q", "--json")
    assert result.exit_code == 0, result.output
    assert [run["label"] for run in json.loads(result.stdout)["runs"]] == ["a", "b"]
    assert len(list((tmp_path / "out" / "runs").iterdir())) == 2

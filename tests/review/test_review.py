"""A review's folder: page, tables, SARIF and JSON, from made-up figures and through the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from otsim.cli import main
from otsim.config.read_study import checked_study, read_branches
from otsim.errors import StorageError
from otsim.review import review_figures as engine
from otsim.review.places import places_of
from otsim.review.review import Review, review_study, told_review, write_review
from otsim.review.reviewed_network import ReviewedNetwork
from otsim.review.weak_spots import weak_spots
from otsim.store import RunReader
from otsim.store.parquet_files import table_from
from review.hostile_study import small_study
from review.synthetic_figures import figures_of
from store.synthetic_run import finished_run, study_of

STUDY = Path(__file__).parents[2] / "configs/studies/te_design_review.yaml"
COMMAND = ["review", str(STUDY), "--workers", "1"]
FILES = ["findings.json", "review.html", "review.sarif", "study.yaml"]
TABLES = ["controls", "effects", "findings", "inputs", "options", "parts", "shares", "ways"]


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Review, Path]:
    out = tmp_path_factory.mktemp("reviews") / "te"
    root = read_branches(STUDY)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engine, "review_figures", made_up)
        return review_study(checked_study(root), out, workers=1, places=places_of(root)), out


def made_up(study: Any, **_: Any) -> Any:
    network = ReviewedNetwork(study)
    return figures_of(network, weak_spots(network))


def test_the_folder_holds_page_tables_sarif_and_json(reviewed: tuple[Review, Path]) -> None:
    _, out = reviewed
    assert sorted(path.name for path in out.iterdir() if path.is_file()) == FILES
    assert sorted(path.stem for path in (out / "tables").iterdir()) == TABLES


def test_the_same_review_writes_the_same_bytes(
    reviewed: tuple[Review, Path], tmp_path: Path
) -> None:
    review, out = reviewed
    write_review(review, tmp_path)
    for path in (path for path in out.rglob("*") if path.is_file()):
        assert (tmp_path / path.relative_to(out)).read_bytes() == path.read_bytes(), path


def test_the_table_of_findings_agrees_with_the_json(reviewed: tuple[Review, Path]) -> None:
    _, out = reviewed
    rows = table_from((out / "tables/findings.parquet").read_bytes()).to_pylist()
    told = json.loads((out / "findings.json").read_text())["findings"]
    assert [row["Id"] for row in rows] == [one["id"] for one in told]
    for row, one in zip(rows, told, strict=True):
        assert row["Rank"] == one["rank"]
        if one["annual_loss_avoided"] is not None:
            assert row["AnnualLossLow"] == one["annual_loss_avoided"]["low"]


def test_money_columns_bear_the_studys_currency(reviewed: tuple[Review, Path]) -> None:
    table = table_from((reviewed[1] / "tables/findings.parquet").read_bytes())
    assert table.schema.field("AnnualLoss").metadata[b"unit"] == b"EUR/a"
    assert table.schema.field("TailLoss").metadata[b"unit"] == b"EUR"
    assert table.schema.metadata[b"otsim.schema"] == b"review-findings/1.0.0"


def test_sarif_has_what_the_schema_requires(reviewed: tuple[Review, Path]) -> None:
    _, out = reviewed
    log = json.loads((out / "review.sarif").read_text())
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "otsim"
    rules = driver["rules"]
    assert all({"id", "shortDescription", "fullDescription"} <= set(rule) for rule in rules)
    for result in run["results"]:
        assert result["message"]["text"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note", "none")
        for location in result["locations"]:
            physical = location["physicalLocation"]
            assert not set(physical["artifactLocation"]["uri"]) & set(' "<>\\')
            assert physical["region"]["startLine"] >= 1


def test_a_finding_points_at_the_line_of_its_item(reviewed: tuple[Review, Path]) -> None:
    _, out = reviewed
    lines = (STUDY.parent.parent / "architectures/te_plant.yaml").read_text().splitlines()
    log = json.loads((out / "review.sarif").read_text())
    placed = {
        result["partialFingerprints"]["otsimFinding/v1"]: result["locations"]
        for result in log["runs"][0]["results"]
    }
    for id, name in (
        ("OTS-UNNEEDED-SERVICE/operator_1_vnc", "operator_1_vnc:"),
        ("OTS-FLAT-CONDUIT/enterprise_to_operations", "enterprise_to_operations:"),
        ("OTS-SHARED-CREDENTIAL/local_administrator", "local_administrator:"),
    ):
        (location,) = placed[id]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uri"].endswith("architectures/te_plant.yaml")
        assert lines[physical["region"]["startLine"] - 1].strip().startswith(name)


def test_every_finding_says_what_it_is_about(reviewed: tuple[Review, Path]) -> None:
    for one in told_review(reviewed[0])["findings"]:
        assert one["title"]
        assert one["evidence"]
        assert one["items"]
        assert "\u00a0" not in one["title"] + one["evidence"]


def test_a_run_folder_is_left_alone(tmp_path: Path) -> None:
    run = finished_run(tmp_path / "run", study_of())
    before = RunReader.at(run).facts
    result = CliRunner().invoke(main, ["review", str(STUDY), "--out", str(run)])
    assert result.exit_code == 2
    assert "holds a run" in result.stderr
    assert RunReader.at(run).facts == before
    assert not (run / "review.html").exists()


def test_a_file_in_place_of_the_folder_is_a_storage_error(
    reviewed: tuple[Review, Path], tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError):
        write_review(reviewed[0], tmp_path / "taken")


def test_the_command_prints_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "review_figures", made_up)
    result = CliRunner().invoke(main, [*COMMAND, "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Mend first: ")
    assert f"Report: {tmp_path / 'out' / 'review.html'}" in result.stdout
    assert "seeking weak spots" in result.stderr


def test_json_is_one_object_with_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "review_figures", made_up)
    asked = [*COMMAND, "--out", str(tmp_path / "out"), "--json", "--quiet"]
    result = CliRunner().invoke(main, asked)
    told = json.loads(result.stdout)
    assert {"headline", "annual_loss", "tail_loss", "findings", "report", "sarif"} <= set(told)
    assert {"id", "rule", "title", "items", "rank", "annual_loss_avoided"} <= set(
        told["findings"][0]
    )
    assert result.stderr == ""


def test_a_study_without_architecture_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    campaign = STUDY.parent / "te_campaign.yaml"
    result = CliRunner().invoke(main, ["review", str(campaign), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "te_campaign.yaml" in result.stderr
    assert "attack.architecture" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_small_study_is_reviewed_from_end_to_end(tmp_path: Path) -> None:
    review = review_study(small_study(), tmp_path, workers=1)
    (vnc,) = [f for f in review.findings if f.finding.id == "OTS-UNNEEDED-SERVICE/sharing"]
    assert vnc.annual_loss is not None
    assert vnc.rank == 1
    now = review.figures.now.annual_loss
    assert vnc.annual_loss.value == pytest.approx(now.value)  # the one way in: all goes with it

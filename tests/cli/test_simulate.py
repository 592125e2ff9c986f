"""`otsim simulate`: one twin under given actions, and every way to ask for it wrongly."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from otsim.cli import main
from otsim.store import story_of

PLANT = "tennessee_eastman"


def simulate(*options: str) -> Result:
    return CliRunner().invoke(main, ["simulate", *options])


@pytest.fixture
def actions(tmp_path: Path) -> str:
    path = tmp_path / "actions.yaml"
    path.write_text(
        "- {kind: sensor_const, target: XMEAS17, value: 0, start_h: 0.1, end_h: 0.2}\n"
        "- {kind: override, target: XMV8, value: 100, start_h: 0.1}\n"
    )
    return str(path)


def test_the_record_holds_every_view_of_every_signal(actions: str, tmp_path: Path) -> None:
    out = tmp_path / "twin.parquet"
    options = ("--actions", actions, "--hours", "1", "--every", "1min", "--out", str(out))
    result = simulate(PLANT, *options, "--noise", "off", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    table = pq.read_table(out)
    assert table.column_names[0] == "time_h"
    for kind, numbers, views in (
        ("xmeas", range(1, 42), ("", "_seen")),
        ("xmv", range(1, 13), ("", "_received")),
    ):
        assert {f"{kind}_{n}{view}" for n in numbers for view in views} <= set(table.column_names)
    assert {f"sp_{n}" for n in range(1, 21) if n != 12} <= set(table.column_names)
    assert told["status"] == "tripped"
    assert told["cause"] == "stripper level low"
    assert told["trip_h"] == told["end_h"] == table.column("time_h").to_pylist()[-1]
    assert told["rows"] == table.num_rows
    rows = table.to_pylist()
    attacked = [row for row in rows if 0.1 <= row["time_h"] < 0.2]
    assert {row["xmeas_17_seen"] for row in attacked} == {0.0}
    assert all(row["xmeas_17"] > 20.0 for row in attacked)
    assert {row["xmv_8_received"] for row in rows if row["time_h"] >= 0.1} == {100.0}
    story = story_of(table)
    assert [span.target for span in story.attacks] == ["XMEAS17", "XMV8"]
    assert table.schema.metadata[b"otsim.noise"] == b"off"

    again = tmp_path / "again.parquet"
    words = simulate(PLANT, *options[:-1], str(again), "--noise", "off")
    assert words.exit_code == 0, words.output
    assert f"Tripped at {told['trip_h']:.4f} h: stripper level low" in words.stdout
    assert again.read_bytes() == out.read_bytes()


def test_nobody_touches_the_plant_unless_told_to(tmp_path: Path) -> None:
    records = []
    for seed in ("1", "1", "2"):
        out = tmp_path / "twin.parquet"
        result = simulate(PLANT, "--hours", "0.5", "--seed", seed, "--out", str(out))
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("No trip within 0.5000 h")
        records.append(pq.read_table(out))
    assert records[0].equals(records[1])
    assert not records[0].equals(records[2])
    assert records[0].column("time_h").to_pylist() == [180 * k / 3600 for k in range(10)]


WRONG = [
    (("tennessee_eastmann", "--hours", "1"), "did you mean tennessee_eastman?"),
    ((PLANT, "--hours", "0"), "0 is not above 0 and at most 8760 hours"),
    ((PLANT, "--hours", "-3"), "-3 is not above 0"),
    ((PLANT, "--hours", "nan"), "nan is not above 0"),
    ((PLANT, "--hours", "inf"), "inf is not above 0"),
    ((PLANT, "--hours", "two"), "two is not above 0"),
    ((PLANT, "--hours", "9000"), "at most 8760 hours"),
    ((PLANT, "--hours", "0.01", "--every", "3min"), "--every 180s is longer than the run"),
    ((PLANT, "--hours", "1", "--every", "0"), "'0' is not 1 s to"),
    ((PLANT, "--hours", "1", "--every", "0.5s"), "in whole seconds"),
    ((PLANT, "--hours", "1", "--every", "3 weeks"), "'3 weeks' is no length of time"),
    ((PLANT, "--hours", "1", "--every", "1e999"), "is no length of time"),
    ((PLANT, "--hours", "1", "--every", "9" * 400), "is not 1 s to"),
    ((PLANT, "--hours", "1", "--noise", "loud"), "'loud' is not one of"),
    ((PLANT, "--hours", "1", "--integration", "euler"), "'euler' is not one of"),
    ((PLANT, "--hours", "1", "--precision", "float16"), "'float16' is not one of"),
    ((PLANT, "--hours", "1", "--seed", "-1"), "-1 is not in the range"),
    ((PLANT, "--hours", "1", "--actions", "nowhere.yaml"), "nowhere.yaml"),
]


@pytest.mark.parametrize(("options", "words"), WRONG, ids=lambda value: str(value)[-40:])
def test_a_wrong_wish_is_one_line_and_nothing_is_written(
    options: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = simulate(*options, "--out", "twin.parquet")
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("twin.csv", "is not named .parquet"),
        ("nowhere/twin.parquet", "there is no folder nowhere"),
        ("folder.parquet", "is a folder"),
    ],
)
def test_a_wrong_place_is_refused_before_anything_runs(
    out: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.parquet").mkdir()
    result = simulate(PLANT, "--hours", "1", "--out", out)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_faults_of_the_action_file_have_their_line(tmp_path: Path) -> None:
    path = tmp_path / "actions.yaml"
    path.write_text("- {kind: override, target: XMEAS99, value: 1, start_h: 0}\n")
    out = tmp_path / "twin.parquet"
    result = simulate(PLANT, "--actions", str(path), "--hours", "1", "--out", str(out))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{path}:1:")
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("180s", 180), ("3min", 180), ("0.05h", 180), ("180", 180), ("1 h", 3600), (".5min", 30)],
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    from otsim.cli.time_steps import TimeStep

    assert TimeStep().convert(text, None, None) == seconds

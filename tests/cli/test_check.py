"""`otsim check`: a summary of a sound study, every fault of an unsound one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from otsim.cli import main

CONFIG_TESTS = Path(__file__).parents[1] / "config"
MALFORMED = sorted((CONFIG_TESTS / "malformed").glob("*.yaml"))
SOUND = CONFIG_TESTS / "malformed" / "base" / "sound.yaml"


def check(*args: object):
    return CliRunner().invoke(main, ["check", *map(str, args)], prog_name="otsim")


def test_summary_of_a_sound_study():
    result = check(SOUND, "-s", "simulation.twins=3000")
    assert result.exit_code == 0
    assert result.stderr == ""
    for part in ("A sound study", "3 nodes: 2 attack steps, of them 1 way in", "3,000 twins",
                 "in 6 shards", "crew 80 %, state 20 %", "0.03 breaches a year, poisson",
                 "overheat (1 plant action)", "nobody responds"):  # fmt: skip
        assert part in result.stdout


def test_summary_as_json():
    result = check(SOUND, "--json")
    found = json.loads(result.stdout)
    assert found["sound"] is True
    assert (found["nodes"], found["twins"], found["shards"]) == (3, 4096, 8)
    assert found["profiles"] == {"crew": 0.8, "state": 0.2}


@pytest.mark.parametrize("file", MALFORMED, ids=lambda path: path.stem)
def test_unsound_study(file, monkeypatch):
    monkeypatch.chdir(file.parent)
    result = check(file.name)
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert 1 <= len(lines) <= 21
    assert all(".yaml:" in line for line in lines)
    told = json.loads(check(file.name, "--json").stdout)["error"]
    assert told["file"].endswith(".yaml")
    assert told["line"] >= 1
    assert told["message"] == result.stderr.rstrip("\n")


def test_missing_file():
    result = check("nowhere.yaml")
    assert result.exit_code == 2
    assert result.stderr == (
        "nowhere.yaml: cannot be read (No such file or directory); check the path\n"
    )


def test_faulty_override():
    result = check(SOUND, "-s", "simulation.twin=3")
    assert result.exit_code == 2
    assert result.stderr == "-s simulation.twin: unknown key (did you mean twins?)\n"

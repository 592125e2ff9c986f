"""`otsim init`: writes a sound study that explains itself, and never over a file."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from otsim.cli import main
from otsim.config import read_study


@pytest.fixture
def otsim(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(main, list(args), prog_name="otsim")


def test_writes_a_sound_commented_study(otsim, tmp_path):
    result = otsim("init")
    assert result.exit_code == 0
    assert "otsim check study.yaml" in result.stdout
    text = (tmp_path / "study.yaml").read_text("utf-8")
    assert text.count("#") > 10
    assert max(map(len, text.splitlines())) <= 100
    assert read_study("study.yaml").simulation.twins == 4096
    assert otsim("check", "study.yaml").exit_code == 0


def test_does_not_write_over_a_file(otsim, tmp_path):
    (tmp_path / "mine.yaml").write_text("mine")
    result = otsim("init", "mine.yaml")
    assert result.exit_code == 2
    assert "exists already" in result.stderr
    assert (tmp_path / "mine.yaml").read_text() == "mine"


def test_prints_to_standard_output(otsim, tmp_path):
    result = otsim("init", "-")
    assert result.stdout.startswith("# A study to start from")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(otsim):
    result = otsim("init", "no/such/folder/study.yaml")
    assert result.exit_code == 4
    assert len(result.stderr.splitlines()) == 1

"""`otsim schema`: prints the JSON Schema that ships, and nothing else."""

from __future__ import annotations

import json
from importlib.resources import files

from click.testing import CliRunner

from otsim.cli import main
from otsim.config import study_schema


def schema(*args: str):
    return CliRunner().invoke(main, ["schema", *args], prog_name="otsim")


def test_prints_the_shipped_file():
    result = schema("study")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == study_schema()
    assert result.stdout == files("otsim.config").joinpath("study.schema.json").read_text("utf-8")


def test_unknown_schema():
    result = schema("studdy")
    assert result.exit_code == 2
    assert "study" in result.stderr
    assert len(result.stderr.splitlines()) == 1

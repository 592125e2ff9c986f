"""`otsim doctor`: versions, devices and the route in use."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version

from click.testing import CliRunner

from otsim import __version__
from otsim.cli import main


def doctor(*args: str):
    return CliRunner().invoke(main, ["doctor", *args], prog_name="otsim")


def test_json():
    found = json.loads(doctor("--json").stdout)
    assert found["otsim"] == __version__
    assert found["python"].startswith(platform.python_version())
    assert found["packages"]["jax"] == version("jax")
    assert found["devices"]
    assert found["cores"] >= 1


def test_lines_hold_the_same():
    found, text = json.loads(doctor("--json").stdout), doctor().stdout
    for part in (found["route"], found["cache_folder"], f"jax {found['packages']['jax']}"):
        assert part in text

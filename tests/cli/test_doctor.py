"""`otsim doctor`: versions, devices and the route in use."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version

import pytest
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


@pytest.mark.slow
def test_bench_tells_the_speed_the_limit_and_the_route():
    found = json.loads(doctor("--bench", "--json").stdout)
    assert found["route"] == "fast CPU loop on CPU"
    speed = found["speed"]
    assert 0.0 < speed["ns_per_twin_second"] < 1e6
    assert 5000 < speed["operations"] < 10_000  # a small tank would not do
    assert speed["operations_per_ns"] > 0.1
    assert speed["floor_ns"] < speed["ns_per_twin_second"]
    text = doctor("--bench").stdout
    assert all(f"  {word}" in text for word in ("speed", "throughput", "limit"))

"""R9: a machine that shows more devices gives the same twins."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from otsim.study import OneOfMany, run_study
from pipeline.whole_run import ROOT, SHORT, STUDY, events_of, short_study

RUN = """
import pathlib, sys
from otsim.simulate.cpu_settings import prepare_cpu
prepare_cpu()
import jax
from otsim.config import read_study
from otsim.study import OneOfMany, run_study
assert len(jax.devices()) == 4
run_study(
    read_study(sys.argv[1], sys.argv[3:]), pathlib.Path(sys.argv[2]), workers=1,
    among=OneOfMany(page=False),
)
"""


@pytest.mark.slow
def test_r09_four_virtual_devices_give_the_rows_of_one(tmp_path: Path) -> None:
    """No process spreads a shard over devices yet; it stands here for the day when one does.

    Seen to fail: with the number of devices mixed into `stream_key`.
    """
    run_study(short_study(twins=32), tmp_path / "one", workers=1, among=OneOfMany(page=False))
    size = ("simulation.twins=32", "simulation.shard_size=32")
    flags = f"--xla_force_host_platform_device_count=4 {os.environ.get('XLA_FLAGS', '')}"
    subprocess.run(
        [sys.executable, "-c", RUN, str(STUDY), str(tmp_path / "four"), *SHORT, *size], check=True,
        env={**os.environ, "XLA_FLAGS": flags, "PYTHONPATH": f"{ROOT}:{ROOT / 'kernels'}"},
    )  # fmt: skip
    assert events_of(tmp_path / "four").equals(events_of(tmp_path / "one"))

"""Demands that depend on pressure: beside EPANET 2.3, and where water is cut off or has no way out.

EPANET's own trials rarely balance there; ours have to, in both precisions, and water with them.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from otsim.config.epanet import WaterNetwork, read_network
from otsim.config.epanet.network import Junction
from otsim.config.study_water import Water
from otsim.plant.epanet_engine import engines, shipped_network
from otsim.plant.water_plant import with_demand_model
from water.agreement import Compared
from water.epanet_engine import run_epanet
from water.network_run import Run, run_network, with_control, with_link

DAY_S = 86_400
CTOWN = Path(os.environ.get("OTSIM_REFERENCE", "reference")) / "wdn" / "ctown" / "ctown.inp"
STOPPED = ("PU1", "PU2", "PU3", "PU4")
UNBALANCED = 1
ROUNDING = 2e-3  # of the largest flow; trials end at 1e-3 of all flows, and half a step may miss


def _for(given: WaterNetwork, hours: int) -> WaterNetwork:
    given = with_demand_model(given, Water(demand_model="pressure"))
    return replace(given, times=replace(given.times, duration=3600 * hours))


def _unaccounted(given: WaterNetwork, run: Run) -> np.ndarray:
    """Return the part of what tanks and sources give that no junction takes, f64[n_solves]."""
    given_out = np.zeros(len(run.time_s))
    for name, link in given.links.items():
        for node, sign in ((link.start, 1.0), (link.end, -1.0)):
            if not isinstance(given.nodes[node], Junction):
                given_out += sign * run.flow[name]
    most = max(float(np.abs(flow).max()) for flow in run.flow.values())
    return np.asarray(np.abs(given_out - run.taken) / most)


def _shipped(name: str) -> Path:
    inp = shipped_network(name)
    if inp is None:
        pytest.skip("needs the networks of wntr: pip install wntr")
    return inp


@pytest.mark.skipif("2.3" not in engines(), reason="needs EPANET 2.3: pip install owa-epanet")
@pytest.mark.parametrize(("name", "required"), [("Net1", 125), ("Net3", 70)])
def test_what_low_pressure_delivers_agrees_with_epanet(
    name: str, required: int, tmp_path: Path
) -> None:
    inp = tmp_path / f"{name}.inp"
    told = (
        "[OPTIONS]\nDEMAND MODEL PDA\nMINIMUM PRESSURE 0\n"
        f"REQUIRED PRESSURE {required}\nPRESSURE EXPONENT 0.5\nACCURACY 0.00001\n"
    )
    text = _shipped(name).read_text(encoding="utf-8", errors="replace")
    inp.write_text(text.replace("[END]", f"{told}[END]"))
    given = read_network(inp)
    given = replace(given, times=replace(given.times, duration=DAY_S))
    ours = run_network(given)
    theirs = run_epanet(inp, given, version="2.3", duration_s=DAY_S)
    low = [min(head - given.nodes[node].elevation) for node, head in theirs.head.items()
           if hasattr(given.nodes[node], "elevation")]  # fmt: skip
    assert min(low) < 2.3 * required  # some get less than they want: 2.3 ft are 1 psi
    assert not Compared(given, theirs, ours).disagreements()
    assert _unaccounted(given, ours).max() < ROUNDING


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_inflow_that_nobody_takes_balances(dtype: Any) -> None:
    # its water is pumped in as a negative demand, whether the tank is full or not
    given = _for(read_network(_shipped("Net2")), 48)
    run = run_network(given, dtype=dtype)
    assert not np.any(run.warning == UNBALANCED)
    assert _unaccounted(given, run).max() < ROUNDING


@pytest.mark.slow
@pytest.mark.reference
@pytest.mark.skipif(not CTOWN.exists(), reason="no reference data: set OTSIM_REFERENCE")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_districts_without_water_balance(dtype: Any) -> None:
    given = _for(read_network(CTOWN), 48)
    changes = [with_link(name, status="CLOSED") for name in STOPPED]
    for i, control in enumerate(given.controls):
        if control.link in STOPPED:
            changes.append(with_control(i, enabled=False))
    run = run_network(given, changes={0: changes}, touched=STOPPED, dtype=dtype)
    assert not np.any(run.warning == UNBALANCED)
    # trials end when flows change by ACCURACY of all that flows, or would: of all, not the largest
    all_flow = sum(abs(flow[0]) for flow in run.flow.values())
    largest = max(float(np.abs(flow).max()) for flow in run.flow.values())
    assert _unaccounted(given, run).max() * largest < given.options.accuracy * all_flow
    assert run.taken[-1] < 0.01 * run.taken[0]  # all is dry: pumps rest

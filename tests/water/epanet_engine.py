"""A run of EPANET's own engine, solve by solve, as `network_run` has ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from otsim.config.epanet import WaterNetwork
from otsim.config.epanet.network import Pump, Tank, Valve
from otsim.plant.epanet_engine import Engine
from water.network_run import Run

XHEAD, OPEN, XFLOW = 0, 3, 5
_DEMAND, _HEAD = 9, 10  # of nodes, as the toolkit numbers them
_FLOW, _SETTING, _STATE = 8, 12, 16  # of links; the state of any link is its status code


def run_epanet(
    inp: Path, given: WaterNetwork, *, version: str = "2.2", duration_s: int | None = None,
    accuracy: float | None = None,
) -> Run:  # fmt: skip
    """Run a file as `run_network` runs a network.

    Args:
        inp: the file.
        given: what it holds.
        version: of the engine, `2.2` or `2.3`.
        duration_s, accuracy: other than in the file.
    """
    solves, nodes, links = [], [], []
    with Engine(inp, version=version, duration_s=duration_s, accuracy=accuracy) as engine:
        node = [engine.index("node", name) for name in given.nodes]
        link = [engine.index("link", name) for name in given.links]
        while True:
            time_s, warning = engine.solve()
            trials = engine.trials()
            nodes.append([[engine.value("node", i, v) for v in (_HEAD, _DEMAND)] for i in node])
            links.append(
                [[engine.value("link", i, v) for v in (_FLOW, _STATE, _SETTING)] for i in link]
            )
            solves.append((time_s, engine.step(), warning, trials))
            if not solves[-1][1]:
                break
    return _gathered(given, np.array(solves).T, np.array(nodes), np.array(links))


def _gathered(given: WaterNetwork, solves: np.ndarray, nodes: np.ndarray, links: np.ndarray) -> Run:
    time_s, step_s, warning, trials = solves
    tanks = {name: node for name, node in given.nodes.items() if isinstance(node, Tank)}
    head = {name: nodes[:, i, 0] for i, name in enumerate(given.nodes)}
    demand = {name: nodes[:, i, 1] for i, name in enumerate(given.nodes)}
    flow = {name: links[:, i, 0] for i, name in enumerate(given.links)}
    # a pump that is open is told XFLOW beyond its curve's end, and XHEAD where water flows back
    code = links[..., 1].astype(int)
    code = np.where((code == XFLOW) | ((code == XHEAD) & (links[..., 0] != 0.0)), OPEN, code)
    return Run(
        time_s=time_s,
        step_s=step_s,
        trials=trials,
        warning=warning,
        head=head,
        flow=flow,
        status={name: code[:, i] for i, name in enumerate(given.links)},
        setting={
            name: links[:, i, 2]
            for i, (name, link) in enumerate(given.links.items())
            if isinstance(link, Pump) or (isinstance(link, Valve) and link.kind != "GPV")
        },
        level={name: head[name] - tank.elevation for name, tank in tanks.items()},
        inflow={name: demand[name] for name in tanks},
    )

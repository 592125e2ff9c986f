"""The map of a network that has more links than a page can hold."""

from __future__ import annotations

import pytest

from otsim.config.epanet import parse_network
from otsim.report import network_charts
from water.small_study import INP

NETWORK = parse_network(INP.format(controls=""), "small.inp")
ROWS = [
    {"Name": name, "X": node.place[0], "Y": node.place[1], "UnmetM3": 1.0}
    for name, node in NETWORK.nodes.items()
    if node.place is not None
]


def test_map_says_that_links_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = network_charts.network_map(NETWORK, ROWS)
    monkeypatch.setattr(network_charts, "_MOST_LINKS", 4)
    cut = network_charts.network_map(NETWORK, ROWS)
    assert whole is not None
    assert cut is not None
    for one in (cut.wide, cut.narrow):
        assert "the first 4 of 6 links" in one
    assert "Drawn are" not in whole.wide

"""The solver beside EPANET's own engine, run live: random networks, and those that wntr ships.

What differs by more than the tolerances (`agreement.py`) has to be explained by EPANET itself: by
its own warning, or by its own answer moving at least as much when the order of the file's lines or
a part in a billion of the demand changes (`epanet_variants.py`). Ours follows 2.3; where 2.2 parts
with 2.3, 2.2 is compared no further.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pytest

from otsim.config.epanet import WaterNetwork, read_network
from otsim.config.epanet.network import Pump
from otsim.plant.epanet_engine import engines, shipped_network
from water.agreement import Compared
from water.epanet_engine import run_epanet
from water.epanet_variants import variants
from water.network_run import Run, run_network
from water.random_networks import random_network

ENGINES = sorted(engines(), reverse=True)
if not ENGINES:
    pytest.skip("needs EPANET: pip install wntr owa-epanet", allow_module_level=True)

ACCURACY = 1e-5
DAY_S = 86_400


@dataclass
class Beside:
    """A file run by ours and by EPANET's engines, at ACCURACY 1e-5.

    Attributes:
        inp: the file.
        folder: for its variants.
        duration_s: other than in the file.
    """

    inp: Path
    folder: Path
    duration_s: int | None = None

    @cached_property
    def given(self) -> WaterNetwork:
        given = read_network(self.inp)
        given = replace(given, options=replace(given.options, accuracy=ACCURACY))
        if self.duration_s is None:
            return given
        return replace(given, times=replace(given.times, duration=self.duration_s))

    @cached_property
    def ours(self) -> Run:
        return run_network(self.given)

    def theirs(self, version: str, inp: Path | None = None) -> Run:
        return run_epanet(
            inp or self.inp, self.given, version=version, duration_s=self.duration_s,
            accuracy=ACCURACY,
        )  # fmt: skip

    def disagreements(self, version: str, ours: Run | None = None) -> list[str]:
        """Tell what differs from a version of EPANET and is not explained by EPANET itself."""
        ours, theirs = ours or self.ours, self.theirs(version)
        found = Compared(self.given, theirs, ours).disagreements()
        if not found:
            return []
        others = [self.theirs(version, path) for path in self._variants]
        if version != "2.3" and "2.3" in ENGINES:
            others.append(self.theirs("2.3"))
        return Compared(self.given, theirs, ours, others).disagreements()

    @cached_property
    def _variants(self) -> list[Path]:
        return list(variants(self.inp, self.given, self.folder))


def _all_disagreements(beside: Beside) -> list[str]:
    return [
        f"{beside.inp.stem}, EPANET {version}: {one}"
        for version in ENGINES
        for one in beside.disagreements(version)
    ]


def _seed_agrees(seed: int, folder: Path) -> None:
    inp = folder / f"{seed}.inp"
    inp.write_text(random_network(seed))
    wrong = _all_disagreements(Beside(inp, folder))
    if wrong:
        print(f"random_network({seed}):\n{inp.read_text()}")  # noqa: T201
    assert not wrong, "; ".join(wrong[:8])


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_agree(seed: int, tmp_path: Path) -> None:
    _seed_agrees(seed, tmp_path)


def test_what_epanet_does_not_explain_is_told(tmp_path: Path) -> None:
    # a check valve without flow: when EPANET closes it, if it does, is rounding
    inp = tmp_path / "92.inp"
    inp.write_text(random_network(92))
    beside = Beside(inp, tmp_path)
    assert Compared(beside.given, beside.theirs(ENGINES[0]), beside.ours).disagreements()
    assert not beside.disagreements(ENGINES[0])
    off = {**beside.ours.head, "J1": beside.ours.head["J1"] + 0.02}
    (told,) = beside.disagreements(ENGINES[0], replace(beside.ours, head=off))
    assert told.startswith("head of J1: off from 0 s on")
    pump = next(name for name, link in beside.given.links.items() if isinstance(link, Pump))
    shut = {**beside.ours.status, pump: 0 * beside.ours.status[pump]}
    told = " ".join(beside.disagreements(ENGINES[0], replace(beside.ours, status=shut)))
    assert f"{pump}: EPANET switches" in told


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12, 212))
def test_more_random_networks_agree(seed: int, tmp_path: Path) -> None:
    _seed_agrees(seed, tmp_path)


@pytest.mark.parametrize("name", ["Net1", "Net2", "Net3", "ky4"])
def test_networks_of_wntr_agree(name: str, tmp_path: Path) -> None:
    _shipped_agrees(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ky10", "Net6"])
def test_large_networks_of_wntr_agree(name: str, tmp_path: Path) -> None:
    _shipped_agrees(name, tmp_path)


def _shipped_agrees(name: str, folder: Path) -> None:
    inp = shipped_network(name)
    if inp is None:
        pytest.skip("needs the networks of wntr: pip install wntr")
    wrong = _all_disagreements(Beside(inp, folder, duration_s=DAY_S))
    assert not wrong, "; ".join(wrong[:8])

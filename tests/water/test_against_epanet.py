"""The solver beside EPANET's own engine, run live: random networks, and those that wntr ships.

Tolerances are those of the reference's README.md (`wdn`): heads 1e-3 m (3e-3 ft) before the first
switching and 0.01 m later, levels 5e-3 m, flows 1e-3 of the largest, switchings in the same order
within 5 s. Left out are solves that EPANET itself calls disconnected, all from the first on that it
calls unbalanced or unstable, and nodes whose heads mean nothing: below -10 m of pressure, or cut
off from whatever holds a head, so that the leaks of closed links decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from otsim.config.epanet import WaterNetwork, read_network
from otsim.config.epanet.network import Junction, Pump, Valve
from otsim.plant.epanet_engine import engines, shipped_network
from water.epanet_engine import run_epanet
from water.network_run import Run, run_network
from water.random_networks import random_network

ENGINES = sorted(engines())
if not ENGINES:
    pytest.skip("needs EPANET: pip install wntr owa-epanet", allow_module_level=True)

UNBALANCED, UNSTABLE, DISCONNECTED = 1, 2, 3  # warnings
CLOSED, ACTIVE = 2, 4  # statuses
DAY_S = 86_400
# What disagrees with a version of EPANET, and why. Where 2.2 alone does, 2.2 and 2.3 disagree with
# each other from the same solve on.
_REASONS: dict[str, dict[str, tuple[int | str, ...]]] = {
    "2.2 closes links to a tank within 0.0005 ft of full or empty, 2.3 only at it": {
        "2.2": (
            21, 41, 50, 56, 70, 72, 73, 85, 93, 119, 125, 134, 135, 140, 151, 158, 178, 179, 182,
            185, 190, 200, 204, 205, 207,
        ),
    },
    "2.2 never closes a pump of constant power for want of flow": {"2.2": ("ky10",)},
    "2.2 leaves 2.3 at the third solve, not looked into; ours takes 2.3's trials, every one": {
        "2.2": ("Net6",),
    },
    "2.2 has no 1/CBIG in the matrix for a PSV at work, and frees the valve beside it": {
        "2.2": (32, 39),
    },
    "rounding of EPANET's direct form with a PBV (P = 1e8): the change of flow stays above 1e-5, "
    "or a status depends on it": {
        "2.2": (0, 99, 139, 167, 193, 194),
        "2.3": (194,),
    },
    "no flow but for EPANET's rounding decides a check valve, a PRV, a rule or a pump's closing": {
        "2.2": (92, 124, 180, 199),
        "2.3": (92, 124, 128, 180, 199, "ky10"),
    },
    "a pump of constant power against hardly any flow: 600 m and more of head, of which the "
    "accuracy of 1e-5 in flow leaves some 0.01 m open": {
        "2.2": (35, 57),
        "2.3": (35, 57),
    },
    "a level or a PRV hunts from solve to solve, and what differs at first grows": {
        "2.2": (101, 202),
        "2.3": (101, 202),
    },
}  # fmt: skip
KNOWN = {
    (name, version): reason
    for reason, versions in _REASONS.items()
    for version, names in versions.items()
    for name in names
}


class Compared:
    """A run of EPANET's and ours, and what of them is compared."""

    def __init__(self, given: WaterNetwork, theirs: Run, ours: Run) -> None:
        self.given, self.theirs, self.ours = given, theirs, ours
        self.foot = 1.0 if given.options.is_metric else 1.0 / 0.3048
        bad = theirs.time_s[np.isin(theirs.warning, (UNBALANCED, UNSTABLE, DISCONNECTED))]
        # what an unbalanced solve leaves behind is chance: flows to start from, and tank levels
        lost = theirs.time_s[np.isin(theirs.warning, (UNBALANCED, UNSTABLE))]
        self.trusted_until_s = float(lost.min()) if len(lost) else np.inf
        common = np.intersect1d(theirs.time_s, ours.time_s)
        common = common[common < self.trusted_until_s]
        self.times = np.array([t for t in common.tolist() if t not in bad and self._same(t)], int)
        self.n_common = len(np.setdiff1d(common, bad))

    def _rows(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = [np.searchsorted(run.time_s, times) for run in (self.theirs, self.ours)]
        return found[0], found[1]

    def _same(self, time_s: int) -> bool:
        theirs, ours = self._rows(np.array([time_s]))
        return all(
            self.theirs.status[name][theirs[0]] == self.ours.status[name][ours[0]]
            for name in self.given.links
        )

    def disagreements(self) -> list[str]:
        """Tell what differs by more than it should."""
        return [*self._switchings(), *self._solves(), *self._heads(), *self._others()]

    def _switchings(self) -> Iterator[str]:
        for name in self.given.links:
            theirs, ours = (
                [one for one in _switchings(run, name) if one[0] < self.trusted_until_s]
                for run in (self.theirs, self.ours)
            )
            if [to for _, to in theirs] != [to for _, to in ours]:
                first = next(
                    (pair for pair in zip(theirs, ours, strict=False) if pair[0][1] != pair[1][1]),
                    (theirs[len(ours) :][:1], ours[len(theirs) :][:1]),
                )
                yield f"{name}: EPANET switches {len(theirs)}, ours {len(ours)} times; {first}"
                continue
            off = [abs(a - b) for (a, _), (b, _) in zip(theirs, ours, strict=True)]
            if max(off, default=0) > 5:
                place = int(np.argmax(off))
                yield f"{name}: switches at {theirs[place]} and in ours at {ours[place]}"

    def _solves(self) -> Iterator[str]:
        if len(self.times) < 0.99 * self.n_common:
            n = self.n_common - len(self.times)
            yield f"statuses differ at {n} of {self.n_common} common times"
        if self.trusted_until_s == np.inf:
            ours, theirs = len(self.ours.time_s), len(self.theirs.time_s)
            if abs(ours - theirs) > max(0.01 * theirs, 1):
                yield f"EPANET solves {theirs} times, ours {ours} times"

    def _heads(self) -> Iterator[str]:
        """Heads, closely until something switches."""
        theirs, ours = self._rows(self.times)
        switched = [at for name in self.given.links for at, _ in _switchings(self.theirs, name)]
        first = min((at for at in switched if at > 0), default=np.inf)
        close = 1e-3 if self.foot == 1.0 else 3e-3
        tolerance = np.where(self.times < first, close, 0.01 * self.foot)
        for name, held in self._held(theirs).items():
            head, node = self.theirs.head[name][theirs], self.given.nodes[name]
            pressure = head - getattr(node, "elevation", -1e9)
            off = np.abs(head - self.ours.head[name][ours])
            off = np.where((pressure < -10.0 * self.foot) | ~held, 0.0, off) / tolerance
            yield from self._worst(f"head of {name}", off, tolerance)

    def _held(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Where a node is linked to what holds a head: a tank, a reservoir, a PRV's or PSV's end.

        Closed links link nothing, nor do PRVs, PSVs and FCVs at work: flow decides what is beyond.
        """
        given, never = self.given, np.zeros(len(rows), bool)
        held = {
            name: never | (not isinstance(node, Junction)) for name, node in given.nodes.items()
        }
        passes = {}
        for name, link in given.links.items():
            status = self.theirs.status[name][rows]
            kind = link.kind if isinstance(link, Valve) else ""
            works = (status == ACTIVE) & (kind in ("PRV", "PSV", "FCV"))
            passes[name] = (status > CLOSED) & ~works
            if kind in ("PRV", "PSV"):
                end = link.end if kind == "PRV" else link.start
                held[end] = held[end] | works
        while True:
            before = sum(int(one.sum()) for one in held.values())
            for name, link in given.links.items():
                both = (held[link.start] | held[link.end]) & passes[name]
                held[link.start], held[link.end] = held[link.start] | both, held[link.end] | both
            if sum(int(one.sum()) for one in held.values()) == before:
                return held

    def _others(self) -> Iterator[str]:
        theirs, ours = self._rows(self.times)
        largest = max((np.abs(flow).max() for flow in self.theirs.flow.values()), default=1.0)
        for what, limit in (("level", 5e-3 * self.foot), ("flow", 1e-3 * largest)):
            tables = getattr(self.theirs, what), getattr(self.ours, what)
            for name in tables[0]:
                off = np.abs(tables[0][name][theirs] - tables[1][name][ours]) / limit
                yield from self._worst(f"{what} of {name}", off, np.full(len(off), limit))
        for name in self.theirs.setting:
            a, b = self.theirs.setting[name][theirs], self.ours.setting[name][ours]
            off = np.abs(a - b) / (1e-4 * np.maximum(1.0, np.abs(a)))
            if isinstance(self.given.links[name], Pump):  # 2.2 keeps the speed of a closed pump
                off = np.where(self.theirs.status[name][theirs] > CLOSED, off, 0.0)
            yield from self._worst(f"setting of {name}", off, np.full(len(off), 1e-4))

    def _worst(self, what: str, off: np.ndarray, limit: np.ndarray) -> Iterator[str]:
        """Tell the first time and the worst that lie beyond the limit."""
        if len(off) and not off.max() <= 1.0:
            first, worst = int(np.argmax(~(off <= 1.0))), int(np.argmax(off))
            yield (
                f"{what}: off from {self.times[first]} s on, "
                f"by {off[worst] * limit[worst]:.3g} at {self.times[worst]} s"
            )


def _switchings(run: Run, name: str) -> Iterator[tuple[int, int]]:
    """Yield when a link's status changed and to what, the first status at 0."""
    status = run.status[name]
    for i in np.flatnonzero(np.diff(status, prepend=-1)):
        yield int(run.time_s[i]), int(status[i])


def compare(inp: Path, *, duration_s: int | None = None) -> dict[str, Compared]:
    """Run a file in each engine and in ours at ACCURACY 1e-5."""
    given = read_network(inp)
    given = replace(given, options=replace(given.options, accuracy=1e-5))
    if duration_s is not None:
        given = replace(given, times=replace(given.times, duration=duration_s))
    ours = run_network(given)
    return {
        version: Compared(
            given,
            run_epanet(inp, given, version=version, duration_s=duration_s, accuracy=1e-5),
            ours,
        )
        for version in ENGINES
    }


def _disagreements(inp: Path, name: int | str, *, duration_s: int | None = None) -> list[str]:
    return [
        f"{name}, EPANET {version}: {one}"
        for version, found in compare(inp, duration_s=duration_s).items()
        if (name, version) not in KNOWN
        for one in found.disagreements()
    ]


def _seed_agrees(seed: int, folder: Path) -> None:
    inp = folder / f"{seed}.inp"
    inp.write_text(random_network(seed))
    wrong = _disagreements(inp, seed)
    if wrong:
        print(f"random_network({seed}):\n{inp.read_text()}")  # noqa: T201
    assert not wrong, "; ".join(wrong[:8])


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_agree(seed: int, tmp_path: Path) -> None:
    _seed_agrees(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12, 212))
def test_more_random_networks_agree(seed: int, tmp_path: Path) -> None:
    _seed_agrees(seed, tmp_path)


@pytest.mark.parametrize("name", ["Net1", "Net2", "Net3", "ky4"])
def test_networks_of_wntr_agree(name: str) -> None:
    _shipped_agrees(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ky10", "Net6"])
def test_large_networks_of_wntr_agree(name: str) -> None:
    _shipped_agrees(name)


def _shipped_agrees(name: str) -> None:
    inp = shipped_network(name)
    if inp is None:
        pytest.skip("needs the networks of wntr: pip install wntr")
    wrong = _disagreements(inp, name, duration_s=DAY_S)
    assert not wrong, "; ".join(wrong[:8])

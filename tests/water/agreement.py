"""A run of EPANET's and one of ours: what of them is compared, and what differs.

Tolerances are those of the reference's README.md (`wdn`): heads 1e-3 m (3e-3 ft) before the first
switching and 0.01 m later, levels 5e-3 m, flows 1e-3 of the largest, switchings in the same order
within 5 s. Left out are solves that EPANET itself calls disconnected, all from the first on that it
calls unbalanced or unstable, and nodes whose heads mean nothing: below -10 m of pressure, or cut
off from whatever holds a head, so that the leaks of closed links decide. Where EPANET's runs of the
same lie apart by more than ten tolerances, nothing is compared from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from otsim.config.epanet import WaterNetwork
from otsim.config.epanet.network import Junction, Pump, Valve
from water.network_run import Run

LOST, DISCONNECTED = (1, 2), 3  # warnings; lost: unbalanced, unstable
CLOSED, ACTIVE = 2, 4  # statuses
SHIFT_S = 5  # by which switchings may lie apart
FAR = 10.0  # tolerances by which EPANET's runs of the same may differ and still be compared with
HUNTS = 20  # trials by which EPANET's solves of the same differ where they end by chance


class Compared:
    """A run of EPANET's and ours, and what of them is compared.

    Args:
        given: the network.
        theirs, ours: the runs.
        others: EPANET's of what is the same to it; where they part with `theirs` (`_parted_s`),
            the comparison ends, as it does where they differ by `FAR` tolerances in a value; until
            then what they differ by is added to the tolerance, twice.
        newer: of a newer version of EPANET's; the comparison ends where it parts with `theirs`,
            and until then a value may be as either says.

    Attributes:
        times: of the solves that are compared, s.
        n_trusted: solves that EPANET does not warn of, and before the first that it loses.
    """

    def __init__(
        self, given: WaterNetwork, theirs: Run, ours: Run, others: Sequence[Run] = (),
        newer: Run | None = None,
    ) -> None:  # fmt: skip
        self.given, self.theirs, self.ours, self.others = given, theirs, ours, others
        self.newer = newer
        self.foot = 1.0 if given.options.is_metric else 1.0 / 0.3048
        bad = theirs.time_s[np.isin(theirs.warning, (*LOST, DISCONNECTED))]
        # what an unbalanced solve leaves behind is chance: flows to start from, and tank levels
        lost = theirs.time_s[np.isin(theirs.warning, LOST)]
        first_lost = lost.min(initial=np.iinfo(int).max)
        self.n_trusted = int(np.sum(~np.isin(theirs.time_s, bad) & (theirs.time_s < first_lost)))
        beside = [*others, *([] if newer is None else [newer])]
        parts = [_parted_s(theirs, other, given) - SHIFT_S for other in beside]
        self.trusted_until_s = min([*lost.tolist(), *parts], default=np.inf)
        common = np.setdiff1d(np.intersect1d(theirs.time_s, ours.time_s), bad)
        common = common[common < self.trusted_until_s]
        self.times = np.array([t for t in common.tolist() if self._same(t)], int)
        self.trusted_until_s = min(self.trusted_until_s, self._far_apart_s())
        self.times = self.times[self.times < self.trusted_until_s]
        self.n_common = int(np.sum(common < self.trusted_until_s))

    @property
    def is_begun(self) -> bool:
        """Whether the first solve is compared."""
        return bool(np.isin(self.theirs.time_s[0], self.times))

    @property
    def is_refused_at_once(self) -> bool:
        """Whether EPANET itself leaves its first solve open: by a warning, or by its other runs."""
        first = self.theirs.time_s[0] >= self.trusted_until_s
        return bool(first or self.theirs.warning[0] in (*LOST, DISCONNECTED))

    def _far_apart_s(self) -> float:
        """Tell from when on EPANET's runs of the same lie far apart in what means something."""
        rows, _ = self._rows(self.times)
        found = [np.inf]
        for what, name, tolerance, means in self._values(rows):
            for other in self.others:
                here = np.isin(self.times, other.time_s) & means
                mine = getattr(self.theirs, what)[name][rows[here]]
                at = np.searchsorted(other.time_s, self.times[here])
                far = np.abs(mine - getattr(other, what)[name][at]) > FAR * tolerance[here]
                found += self.times[here][far].tolist()
        return min(found)

    def _values(self, rows: np.ndarray) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
        """Yield what is compared: its kind, name, tolerance, and when it means something, [n]."""
        switched = [at for name in self.given.links for at, _ in _switchings(self.theirs, name)]
        first = min((at for at in switched if at > 0), default=np.inf)
        close = 1e-3 if self.foot == 1.0 else 3e-3
        tolerance = np.where(self.times < first, close, 0.01 * self.foot)
        for name, held in self._held(rows).items():
            elevation = getattr(self.given.nodes[name], "elevation", -1e9)
            pressure = self.theirs.head[name][rows] - elevation
            yield "head", name, tolerance, held & (pressure >= -10.0 * self.foot)
        always = np.ones(len(rows), bool)
        largest = max((np.abs(flow).max() for flow in self.theirs.flow.values()), default=1.0)
        for what, size in (("level", 5e-3 * self.foot), ("flow", 1e-3 * largest)):
            for name in getattr(self.theirs, what):
                yield what, name, np.full(len(rows), size), always

    def _spread(self, what: str, name: str, means: np.ndarray | None = None) -> float:
        """By how much EPANET's runs differ in a value, at most, at the times that are compared.

        Args:
            what: `head`, `level` or `flow`.
            name: of the node or link.
            means: at which of these times the value means something, bool[n].
        """
        times, worst = self.times if means is None else self.times[means], 0.0
        for other in self.others:
            common = np.intersect1d(times, other.time_s)
            values = [
                getattr(run, what)[name][np.searchsorted(run.time_s, common)]
                for run in (self.theirs, other)
            ]
            worst = max(worst, float(np.abs(values[0] - values[1]).max(initial=0.0)))
        return worst

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
        return [*self._switchings(), *self._solves(), *self._values_off(), *self._settings()]

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
            if max(off, default=0) > SHIFT_S:
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

    def _values_off(self) -> Iterator[str]:
        """Heads, closely until something switches; levels and flows."""
        theirs, ours = self._rows(self.times)
        for what, name, tolerance, means in self._values(theirs):
            limit = tolerance + 2.0 * self._spread(what, name, means)
            mine = getattr(self.ours, what)[name][ours]
            off = np.abs(getattr(self.theirs, what)[name][theirs] - mine)
            off = np.minimum(off, self._off_newer(what, name, mine))
            yield from self._worst(f"{what} of {name}", np.where(means, off, 0.0) / limit, limit)

    def _off_newer(self, what: str, name: str, mine: np.ndarray) -> np.ndarray:
        """Return how far values lie from those of the newer version, inf where it has no solve."""
        off = np.full(len(mine), np.inf)
        if self.newer is not None:
            here = np.isin(self.times, self.newer.time_s)
            at = np.searchsorted(self.newer.time_s, self.times[here])
            off[here] = np.abs(getattr(self.newer, what)[name][at] - mine[here])
        return off

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

    def _settings(self) -> Iterator[str]:
        theirs, ours = self._rows(self.times)
        for name in self.theirs.setting:
            off = _settings_off(self.given, name, (self.theirs, theirs), (self.ours, ours))
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


def _parted_s(one: Run, other: Run, given: WaterNetwork) -> float:
    """Tell from when on two runs of EPANET's differ in a status, a setting, or how they solve.

    That is in a solve's time, or in so many trials that chance alone ends them.
    """
    times: list[float] = []
    for a, b in ((one, other), (other, one)):
        near = np.abs(a.time_s[:, None] - b.time_s).min(axis=1) <= SHIFT_S
        times += a.time_s[~near].tolist() + a.time_s[np.isin(a.warning, LOST)].tolist()
    common, rows, others = np.intersect1d(one.time_s, other.time_s, return_indices=True)
    times += common[np.abs(one.trials[rows] - other.trials[others]) > HUNTS].tolist()
    for name in given.links:
        same = one.status[name][rows] == other.status[name][others]
        times += common[~same].tolist()
    for name in one.setting:
        off = _settings_off(given, name, (one, rows), (other, others))
        times += common[off > 1.0].tolist()
    return min(times, default=np.inf)


def _settings_off(
    given: WaterNetwork, name: str, one: tuple[Run, np.ndarray], other: tuple[Run, np.ndarray]
) -> np.ndarray:
    """Return by how much a setting differs in some rows of two runs, in parts of its tolerance."""
    a, b = (run.setting[name][rows] for run, rows in (one, other))
    off: np.ndarray = np.abs(a - b) / (1e-4 * np.maximum(1.0, np.abs(a)))
    if isinstance(given.links[name], Pump):  # 2.2 keeps the speed of a closed pump
        off = np.where(one[0].status[name][one[1]] > CLOSED, off, 0.0)
    return off


__all__ = ["Compared"]

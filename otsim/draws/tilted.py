"""Draws that are tilted to the worst losses, and what each twin weighs for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.config.study_tilt import Tilt, TiltedComponent
from otsim.draws.names import Part

if TYPE_CHECKING:
    from otsim_kernels.draws import StreamKey
    from otsim_kernels.tilted_draws import TiltedKey, TiltTables

__all__ = ["TiltedStreams"]

_WORDS = 2**32
_BINS, _COMPONENTS = 32, 32  # that tables are filled up to: one shape is compiled once
PARTS: tuple[Part, ...] = ("campaign", "twin", "loss")

TwinIds = npt.NDArray[np.int64]
Attempts = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, eq=False)
class TiltedStreams:
    """Independent draws from a mixture of tilted ones.

    Attributes:
        seed: the study's seed.
        tilt: the mixture.
        names: what is drawn in each part.
    """

    seed: int
    tilt: Tilt
    names: Mapping[Part, tuple[str, ...]]

    def key(self, twin_id: TwinIds, part: Part, attempts: Attempts | None = None) -> TiltedKey:
        """Return the keys of n twins; see `otsim.draws.Design`.

        Raises:
            ValueError: the attempts are not told, though the part is not the campaign.
        """
        from otsim_kernels.tilted_draws import TiltedKey

        if part == "campaign":
            return TiltedKey(stream=self._stream(twin_id), tables=self._tables[part], attempt=None)
        if attempts is None:
            raise ValueError(f"tilted draws of the part {part} hang on the attempt that counted")
        return TiltedKey(
            stream=self._stream(twin_id),
            tables=self._tables[part],
            attempt=(attempts - 1).astype(np.uint32),
        )

    def weights(self, twin_id: TwinIds, attempts: Attempts) -> npt.NDArray[np.float64]:
        """Return the likelihood ratio of each twin, f64[n]: plain odds over those it was drawn by.

        Its mean over all twins is 1. Where the study counts breaches, it is the ratio at the
        attempt that breached, times how much more often tilted attempts do.

        Args:
            twin_id: i64[n].
            attempts: i32[n], how many attempts each took.
        """
        from otsim_kernels.tilted_draws import log_odds

        shares = np.array([each.share for each in self.tilt.components])
        logs = np.zeros((len(shares), len(twin_id)))
        for part in PARTS:
            tables, n_tilted = self._tables[part], len(self._tilted(part))
            if n_tilted:
                key = self.key(twin_id, part, attempts)
                slot = (attempts - 1).astype(np.uint32) if part == "campaign" else np.uint32(0)
                words = key.word(tables.purposes[:n_tilted, None], slot)
                logs += log_odds(tables, words)[: len(shares)]
        ratios = np.exp(logs) * (shares / shares.sum())[:, None]
        return np.asarray(self.tilt.breach_ratio / ratios.sum(axis=0))

    def _stream(self, twin_id: TwinIds) -> StreamKey:
        from otsim_kernels.draws import stream_key

        return stream_key(self.seed, twin_id.astype(np.uint32))

    def _tilted(self, part: Part) -> tuple[str, ...]:
        return tuple(name for name in self.names[part] if name in self.tilt.bins)

    @cached_property
    def _tables(self) -> dict[Part, TiltTables]:
        return {
            part: _tables(self.tilt, self._tilted(part), len(self.names[part])) for part in PARTS
        }


def _tables(tilt: Tilt, names: Sequence[str], n_rows: int) -> TiltTables:
    """Lay out the maps of some draws, filled up so that all tilts of a study are of one shape."""
    from otsim_kernels.draws import purpose_id
    from otsim_kernels.tilted_draws import TiltTables

    ids = np.array([purpose_id(name) for name in names], np.uint32)
    order = np.argsort(ids)
    rows = [names[i] for i in order]
    n_bins = max(_BINS, *(2 ** len(tilt.bins[name]).bit_length() for name in rows), 1)
    n_components = -(-len(tilt.components) // _COMPONENTS) * _COMPONENTS
    to = np.zeros((n_rows, n_bins), np.int64)
    start = np.zeros((n_components, n_rows, n_bins), np.int64)
    for row, name in enumerate(rows):
        to[row] = _filled(_first_words(tilt.bins[name]), n_bins)
        for i in range(n_components):
            component = tilt.components[min(i, len(tilt.components) - 1)]
            start[i, row] = _filled(_starts(tilt, component, name), n_bins)
    width, mapped = _widths(to), _widths(start)
    shares = np.cumsum([each.share for each in tilt.components])[:-1]
    limits = np.full(n_components - 1, _WORDS - 1)
    limits[: len(shares)] = np.rint(np.minimum(shares, 1.0) * (_WORDS - 1))
    last = np.full(n_rows - len(rows), _WORDS - 1)
    return TiltTables(
        limits=limits.astype(np.uint32),
        purposes=np.concatenate([ids[order], last]).astype(np.uint32),
        to=to.astype(np.uint32),
        top=(width - 1).astype(np.uint32),
        start=start.astype(np.uint32),
        gain=(width / mapped).astype(np.float32),
    )


def _first_words(cuts: Sequence[float]) -> list[int]:
    """Return the first word of each bin; cuts stand where `chance_limit` has probabilities."""
    return [0, *(2 * round(cut * _WORDS / 2) for cut in cuts)]


def _starts(tilt: Tilt, component: TiltedComponent, name: str) -> list[int]:
    """Return the first word that is mapped to each bin; without masses the bins themselves."""
    if name not in component.masses:
        return _first_words(tilt.bins[name])
    ends = np.cumsum(component.masses[name])
    return [0, *np.rint(ends[:-1] / ends[-1] * _WORDS).astype(np.int64).tolist()]


def _filled(values: list[int], n: int) -> list[int]:
    return values + [values[-1]] * (n - len(values))


def _widths(first: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many words each bin has; a repeated last bin has those of the last."""
    following = np.full_like(first, _WORDS)
    for i in reversed(range(first.shape[-1] - 1)):
        same = first[..., i + 1] == first[..., i]
        following[..., i] = np.where(same, following[..., i + 1], first[..., i + 1])
    return following - first

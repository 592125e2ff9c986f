"""What the draws of a study's twins come from: independent streams, or nets of Sobol points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from otsim.config.study import Study
from otsim.draws.directions import direction_numbers
from otsim.draws.names import Part, names_by_part
from otsim.draws.tilted import TiltedStreams

if TYPE_CHECKING:
    from otsim_kernels.draws import DrawKey, StreamKey
    from otsim_kernels.written_draws import WrittenKey

__all__ = ["Design", "SobolNets", "Streams", "replicates_of", "study_draws", "weights_of"]

TwinIds = npt.NDArray[np.int64]
Attempts = npt.NDArray[np.int32]


class Design(Protocol):
    """A way to draw; a pure function of seed and twin."""

    def key(self, twin_id: TwinIds, part: Part, attempts: Attempts | None = None) -> DrawKey:
        """Return the key of n twins for one part of their draws.

        Args:
            twin_id: i64[n].
            part: what is to be drawn.
            attempts: i32[n], how many attempts each campaign took, for the parts after it; tilted
                draws hang on it.
        """


@dataclass(frozen=True, kw_only=True)
class Streams:
    """Independent draws: a stream for each twin, which serves every part."""

    seed: int

    def key(self, twin_id: TwinIds, part: Part, attempts: Attempts | None = None) -> StreamKey:
        """Return the stream keys of n twins."""
        from otsim_kernels.draws import stream_key

        return stream_key(self.seed, twin_id.astype(np.uint32))


@dataclass(frozen=True, kw_only=True, eq=False)
class SobolNets:
    """Points of scrambled nets.

    Attributes:
        seed: the study's seed.
        n_replicates: independent nets.
        purposes: u32[n_dims] of each part, ascending.
        directions: u32[n_dims, 32] of each part, of the same dimensions.
    """

    seed: int
    n_replicates: int
    purposes: Mapping[Part, npt.NDArray[np.uint32]]
    directions: Mapping[Part, npt.NDArray[np.uint32]]

    def key(self, twin_id: TwinIds, part: Part, attempts: Attempts | None = None) -> WrittenKey:
        """Return the coordinates of n twins in the dimensions of one part."""
        from otsim_kernels.sobol import sobol_key

        return sobol_key(
            self.directions[part],
            self.purposes[part],
            twin=twin_id.astype(np.uint32),
            n_replicates=self.n_replicates,
            seed=self.seed,
        )


def study_draws(study: Study) -> Design:
    """Return what a study's twins draw from, all but their noise and warm states."""
    simulation = study.simulation
    if simulation.tilt is not None:
        return TiltedStreams(seed=simulation.seed, tilt=simulation.tilt, names=names_by_part(study))
    if simulation.draws == "independent":
        return Streams(seed=simulation.seed)
    last_point = (simulation.twins - 1) // simulation.replicates
    return _nets(
        tuple(names_by_part(study).items()), simulation.seed, simulation.replicates,
        last_point.bit_length(),
    )  # fmt: skip


def replicates_of(study: Study, twin_id: TwinIds) -> npt.NDArray[np.int64] | None:
    """Return the replicate that each twin belongs to, i64[n]; None for independent draws."""
    if study.simulation.draws == "independent":
        return None
    return twin_id % study.simulation.replicates


def weights_of(
    study: Study, twin_id: npt.NDArray[np.int64], attempts: Attempts
) -> npt.NDArray[np.float64] | None:
    """Return what each twin weighs, f64[n]: see `TiltedStreams.weights`; None: all alike.

    Args:
        study: whose draws they are.
        twin_id: i64[n].
        attempts: i32[n], how many attempts each campaign took.
    """
    design = study_draws(study)
    return design.weights(twin_id, attempts) if isinstance(design, TiltedStreams) else None


@lru_cache(maxsize=8)
def _nets(
    parts: tuple[tuple[Part, tuple[str, ...]], ...], seed: int, n_replicates: int, digits: int
) -> SobolNets:
    from otsim_kernels.draws import purpose_id

    all_directions = direction_numbers(sum(len(names) for _, names in parts), digits)
    purposes, directions, place = {}, {}, 0
    for part, names in parts:
        ids = np.array([purpose_id(name) for name in names], np.uint32)
        order = np.argsort(ids)
        purposes[part] = ids[order]
        directions[part] = all_directions[place : place + len(names)][order]
        place += len(names)
    return SobolNets(seed=seed, n_replicates=n_replicates, purposes=purposes, directions=directions)

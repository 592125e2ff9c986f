"""Twins in standard-normal space: each point says what a twin draws, its loss how far it is off.

So that subset simulation walks through all draws of a twin at once, cyber and plant, towards the
loss asked for: where the tail comes from many draws together that no product of tilts describes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otsim.config.study import Study
from otsim.draws import Streams
from otsim.draws.names import Part, names_by_part
from otsim.errors import SimulationError
from otsim.rare_events.populations import Floats, Margin
from otsim_kernels.written_draws import WrittenKey

__all__ = ["WrittenDraws", "draw_names", "loss_margin"]

LossOf = Callable[["WrittenDraws", npt.NDArray[np.int64]], Floats]
"""Takes a design and the numbers of n twins to their losses, f64[n]."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WrittenDraws:
    """A `Design` whose first twins draw what is written; all else comes from the streams.

    Attributes:
        seed: of the streams: noise, warm states, and what is not written.
        names: what is written, for each part.
        points: f64[n_twins, n_names], standard normals, columns in the order of the parts.
    """

    seed: int
    names: Mapping[Part, tuple[str, ...]]
    points: Floats

    def key(
        self, twin_id: npt.NDArray[np.int64], part: Part,
        attempts: npt.NDArray[np.int32] | None = None,
    ) -> WrittenKey:  # fmt: skip
        """Return the keys of twins below n_twins; see `otsim.draws.Design`."""
        from scipy.special import ndtr

        from otsim_kernels.draws import purpose_id

        parts = list(self.names)
        first = sum(len(self.names[each]) for each in parts[: parts.index(part)])
        told = self.names[part]
        ids = np.array([purpose_id(name) for name in told], np.uint32)
        order = np.argsort(ids)
        columns = first + order
        uniforms = ndtr(self.points[np.ix_(twin_id, columns)])
        words = np.minimum(np.floor(uniforms * 2.0**32), 2.0**32 - 1.0)
        stream = Streams(seed=self.seed).key(twin_id, "campaign")
        return WrittenKey(stream=stream, purposes=ids[order], bits=words.T.astype(np.uint32))


def draw_names(names: Mapping[Part, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the names of the dimensions of the space, in order."""
    return tuple(name for part in names for name in names[part])


def loss_margin(loss_of: LossOf, study: Study, *, loss: float) -> tuple[Margin, int]:
    """Return the margin whose event is a loss of at least `loss`, and how many normals it takes.

    Args:
        loss_of: lives the twins of a design; its calls are batches of any size.
        study: all that its twins draw is drawn from the space, noise and warm states are not.
        loss: currency.

    Raises:
        SimulationError: the study has an architecture, whose steps' draws have no list.
    """
    if study.attack.architecture is not None:
        raise SimulationError(
            "attack.architecture: the draws of an architecture's steps and controls cannot be put "
            "into normal space; give the study an attack tree, or use sampling: importance"
        )
    names, seed = names_by_part(study), study.simulation.seed

    def margin(points: Floats) -> Floats:
        design = WrittenDraws(seed=seed, names=names, points=points)
        return np.asarray(loss - loss_of(design, np.arange(len(points))), np.float64)

    return margin, len(draw_names(names))

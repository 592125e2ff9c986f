"""Memory that runs out: fewer twins side by side, with the same bits, down to one tile."""

from __future__ import annotations

from dataclasses import replace

from otsim.errors import DeviceMemoryError
from otsim.simulate.any_plant import AnyTwins
from otsim.simulate.network_lives import LANES
from otsim.simulate.network_twins import NetworkTwins
from otsim.simulate.routes import SAME_BITS, driver_in_use
from otsim.simulate.twins import TwinModel

__all__ = ["halved", "is_out_of_memory", "refuse_below_one_tile"]

_TOLD_BY_XLA = "RESOURCE_EXHAUSTED"


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether an error says that the device or this process has no memory left."""
    return isinstance(error, MemoryError) or (
        type(error).__name__ in ("JaxRuntimeError", "XlaRuntimeError")
        and _TOLD_BY_XLA in str(error)
    )


def halved(model: AnyTwins, times: int) -> AnyTwins:
    """Return the model with fewer twins side by side; a network's blocks have one width."""
    if not times or isinstance(model, NetworkTwins):
        return model
    return replace(model, most_abreast=_abreast(model, times))


def refuse_below_one_tile(model: AnyTwins, halvings: int, error: Exception) -> None:
    """Refuse to go on where the tile that was too much is the smallest one.

    Raises:
        DeviceMemoryError: saying how many twins were too many.
    """
    if isinstance(model, NetworkTwins):
        tile, smaller = LANES, False
    else:
        tile, smaller = SAME_BITS, _abreast(model, halvings) > SAME_BITS
    if not smaller:
        raise DeviceMemoryError(
            f"not enough memory for {tile} twins side by side, the fewest that can be; "
            "end other programs on the device, use fewer --workers, or a machine with more memory"
        ) from error


def _abreast(model: TwinModel, halvings: int) -> int:
    """Return how many twins go side by side after so many halvings: whole tiles, one at least."""
    simulation = model.study.simulation
    n_twins = min(simulation.shard_size, simulation.twins)
    usual = driver_in_use().block(n_twins, simulation.batch)
    return max((usual >> halvings) // SAME_BITS, 1) * SAME_BITS

"""Made-up plants of 20 to 2,000 assets: the same for the same seed, sound by construction."""

from __future__ import annotations

import random
from collections.abc import Sequence

from otsim.architecture.generated_network import Draft, add_network
from otsim.architecture.generated_weaknesses import add_weaknesses
from otsim.config.architecture.architecture import Architecture
from otsim.config.architecture.read_architecture import checked_architecture
from otsim.errors import ModelError

__all__ = ["FEWEST_ASSETS", "MOST_ASSETS", "generate_architecture"]

FEWEST_ASSETS, MOST_ASSETS = 20, 2_000


def generate_architecture(
    n_assets: int, seed: int, *, points: Sequence[str] = (), weak_share: float = 0.3
) -> Architecture:
    """Make up the network of a plant by the levels of the Purdue model.

    Enterprise, DMZ, operations, control cells of two dozen assets and a safety zone, with conduits,
    services, flaws, credentials, people, media, suppliers and controls. All numbers are made up.

    Args:
        n_assets: how many assets, 20 to 2,000.
        seed: same seed, same plant.
        points: plant points, dealt out to the controllers in their order.
        weak_share: chance, 0 to 1, of each common weakness: services that nobody needs, shared
            passwords, a flat network.

    Raises:
        ModelError: a number out of its range.
    """
    if not FEWEST_ASSETS <= n_assets <= MOST_ASSETS:
        message = f"a plant of {n_assets} assets; need {FEWEST_ASSETS} to {MOST_ASSETS}"
        raise ModelError(message)
    if not 0.0 <= weak_share <= 1.0:
        raise ModelError(f"weak_share is {weak_share}, but must lie within 0 and 1")
    draft = Draft(random.Random(seed), weak_share)  # noqa: S311  # no secret hangs on it
    add_network(draft, n_assets, points)
    add_weaknesses(draft)
    title = f"Made-up plant of {n_assets} assets, seed {seed}"
    data = {"version": 1, "title": title, **draft.collections()}
    return checked_architecture(data, f"plant of seed {seed}", points=points or None)

"""The table of plants that have a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from otsim.errors import ModelError

if TYPE_CHECKING:
    from otsim_kernels.plant_contract import PlantTable

Integration = Literal["converged", "reference"]


def plant_table(name: str, *, integration: Integration, noise: bool) -> PlantTable:
    """Return the kernel of a plant.

    Raises:
        ModelError: no plant has this name.
    """
    if name == "tennessee_eastman":
        from otsim_kernels.plants.tennessee_eastman.plant import tennessee_eastman

        return tennessee_eastman(integration, noise=noise)
    raise ModelError(f"plant {name!r}: has no kernel; `otsim plants` lists those that have")

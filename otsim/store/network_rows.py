"""Where and when a water network suffers, and how well it is modelled -> result tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from otsim.config.epanet import WaterNetwork, parse_network
from otsim.config.study_water import Water
from otsim.config.water_points import zones_of
from otsim.store.tables import result_table

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.config.study import Study
    from otsim.simulate.network_recording import PlacesAndTimes
    from otsim.simulate.nominal_run import NominalRun

__all__ = ["epanet_table", "hours_table", "places_table"]


def places_table(study: Study, found: PlacesAndTimes) -> pa.Table:
    """Make the table of junctions, in the order of the file."""
    given, water = _given(study)
    zone_of = {name: zone for zone, names in zones_of(given, water).items() for name in names}
    rows = [
        {
            "Name": node.name,
            "Zone": zone_of[node.name],
            "X": node.place[0] if node.place else math.nan,
            "Y": node.place[1] if node.place else math.nan,
            "UnmetM3": found.unmet_m3[i],
            "LowPressureH": found.low_h[i],
            "Twins": found.n_twins,
        }
        for i, node in enumerate(given.junctions)
    ]
    return result_table("places", rows, study.loss.currency)


def hours_table(study: Study, found: PlacesAndTimes) -> pa.Table:
    """Make the table of unmet demand by zone and time."""
    zones = list(zones_of(*_given(study)))
    rows = [
        {
            "Zone": zone,
            "FromH": bin_ * found.bin_h,
            "ToH": (bin_ + 1) * found.bin_h,
            "UnmetM3": found.by_bin_m3[i, bin_],
            "Twins": found.n_twins,
        }
        for i, zone in enumerate(zones)
        for bin_ in range(np.shape(found.by_bin_m3)[1])
    ]
    return result_table("hours", rows, study.loss.currency)


def epanet_table(study: Study, run: NominalRun) -> pa.Table:
    """Make the table of how far our run of the untouched file lies from EPANET's."""
    row = {
        "Engine": run.engine,
        "Hours": run.hours,
        "Times": run.n_times,
        "HeadM": run.head_m,
        "MedianHeadM": run.median_head_m,
        "LevelM": run.level_m,
    }
    return result_table("epanet", [row], study.loss.currency)


def _given(study: Study) -> tuple[WaterNetwork, Water]:
    return parse_network(study.plant.inp or "", "plant.inp"), study.plant.water or Water()

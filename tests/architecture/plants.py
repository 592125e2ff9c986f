"""Architectures that the tests of this folder start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from otsim.config.plant_points import PLANT_POINTS
from otsim.config.read_study import read_study
from otsim.config.study_points import points_of
from otsim.errors import ConfigError

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "configs" / "architectures").glob("*.yaml"))
SOUND = Path(__file__).parent / "sound.yaml"
_TE = PLANT_POINTS["tennessee_eastman"]
TE_POINTS = (*_TE.by_name, *(link.name for link in _TE.links))


def faults(call, *args, **kwargs) -> list[str]:
    """Return the faults that a reading raises, in full; each must be a line of its own."""
    with pytest.raises(ConfigError) as caught:
        call(*args, **kwargs)
    found = list(caught.value.problems)
    assert found
    assert all(line.isprintable() and len(line) < 900 for line in found)
    return found


def points_beside(architecture: Path) -> tuple[str, ...]:
    """Return the points of the plant that an architecture of this folder is of."""
    if not architecture.stem.startswith("water"):
        return TE_POINTS
    points = points_of(read_study(ROOT / "configs/studies/water_design_review.yaml").plant)
    return (*points.by_name, *(link.name for link in points.links))

"""A study at many points: every point a run, twins shared, one table and one page for all."""

from otsim.sweep.page import write_sweep
from otsim.sweep.points import PointResult, SweepResult, run_sweep

__all__ = ["PointResult", "SweepResult", "run_sweep", "write_sweep"]

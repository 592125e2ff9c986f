"""Study files: YAML -> one checked `Study`, every fault with its file, line and column."""

from otsim.config.action_file import TimedAction, read_actions
from otsim.config.plant_points import PLANT_POINTS
from otsim.config.read_study import read_study, with_value
from otsim.config.study import Study
from otsim.config.study_schema import study_schema
from otsim.config.uncertainty_checks import value_of
from otsim.config.write_study import dump_study, study_json

__all__ = [
    "PLANT_POINTS",
    "Study",
    "TimedAction",
    "dump_study",
    "read_actions",
    "read_study",
    "study_json",
    "study_schema",
    "value_of",
    "with_value",
]

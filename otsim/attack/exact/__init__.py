"""Exact answers about attack trees and graphs, beside the sampler and to check it."""

from otsim.attack.exact.measured_tree import MeasuredTree, measured
from otsim.attack.exact.metrics import METRICS, answer, what_is_missing
from otsim.attack.exact.read_tree import read_tree

__all__ = ["METRICS", "MeasuredTree", "answer", "measured", "read_tree", "what_is_missing"]

"""The weak spots of a network: a file for each family of findings."""

from otsim.review.weak_spots.all_weak_spots import KINDS, weak_spots

__all__ = ["KINDS", "weak_spots"]

"""From physical damage to money: six categories of loss for every twin."""

from otsim.loss.assess import assess
from otsim.loss.losses import CATEGORIES, Losses

__all__ = ["CATEGORIES", "Losses", "assess"]

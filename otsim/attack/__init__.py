"""Attack trees and attackers, compiled to arrays, and the campaigns drawn from them."""

from otsim.attack.attack_model import AttackModel, compile_attack
from otsim.attack.bare_tree import TreeSamples, sample_tree
from otsim.attack.campaigns import Campaigns, PlantActions
from otsim.attack.sampling import sample_campaigns

__all__ = [
    "AttackModel",
    "Campaigns",
    "PlantActions",
    "TreeSamples",
    "compile_attack",
    "sample_campaigns",
    "sample_tree",
]

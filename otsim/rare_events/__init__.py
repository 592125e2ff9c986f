"""Rare events: subset simulation, line sampling, and draws that are tilted to the tail."""

from otsim.rare_events.rare_event import RareEvent, rare_event
from otsim.rare_events.subset_simulation import Effort, Subsets, subset_simulation

__all__ = ["Effort", "RareEvent", "Subsets", "rare_event", "subset_simulation"]

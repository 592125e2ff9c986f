"""Where in the architecture file each item stands."""

from __future__ import annotations

from collections.abc import Mapping

from otsim.config.yaml_lines import Branch, Place
from otsim.review.findings import Finding, Item
from otsim.review.reviewed_network import COLLECTIONS_OF

__all__ = ["Places", "place_of", "places_of"]

Places = Mapping[Item, Place]


def places_of(root: Branch) -> dict[Item, Place]:
    """Return where the items of a study's architecture were written, the study's goals among them.

    Args:
        root: a study as `otsim.config.read_study.read_branches` gives it.
    """
    attack = _below(root, "attack")
    architecture = _below(attack, "architecture")
    found = {}
    for kind, collection in COLLECTIONS_OF.items():
        for holder in (attack, architecture):
            for name, entry in _entries(_below(holder, collection)).items():
                found[Item(kind=kind, name=name)] = entry.key_place or entry.place
    return found


def place_of(finding: Finding, places: Places) -> Place | None:
    """Return where the first item of a finding stands that has a place."""
    return next((places[item] for item in finding.items if item in places), None)


def _below(branch: Branch | None, key: str) -> Branch | None:
    found: Branch | None = _entries(branch).get(key)
    return found


def _entries(branch: Branch | None) -> dict[str, Branch]:
    return branch.value if branch is not None and isinstance(branch.value, dict) else {}

"""MITRE ATT&CK for ICS: techniques, their tactics and mitigations, as shipped or as imported."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from otsim.config.problems import did_you_mean

__all__ = [
    "TACTICS",
    "Mitigation",
    "Technique",
    "Techniques",
    "mitigation_fault",
    "mitigations_of",
    "shipped_techniques",
    "successor_of",
    "technique_fault",
]

SHIPPED_VERSION = "19"
TACTICS = {
    "initial-access": "Initial Access",
    "execution": "Execution",
    "persistence": "Persistence",
    "privilege-escalation": "Privilege Escalation",
    "evasion": "Evasion",
    "discovery": "Discovery",
    "lateral-movement": "Lateral Movement",
    "collection": "Collection",
    "command-and-control": "Command and Control",
    "inhibit-response-function": "Inhibit Response Function",
    "impair-process-control": "Impair Process Control",
    "impact": "Impact",
}
"""The tactics of ATT&CK for ICS in the order of its matrix: names by the short ones of STIX."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Technique:
    """One technique or sub-technique.

    Attributes:
        id: such as `T0866`, or `T0843.001` for a sub-technique.
        name: in words; a sub-technique's follows that of its technique.
        tactics: short names of the tactics that it serves.
        mitigations: ids of the mitigations that help against it.
        superseded_by: id of the technique that took its place; None for a current one.
    """

    id: str
    name: str
    tactics: tuple[str, ...]
    mitigations: tuple[str, ...] = ()
    superseded_by: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mitigation:
    """One mitigation, such as `M0930`, Network Segmentation."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Techniques:
    """One version of ATT&CK for ICS.

    Attributes:
        version: such as `19`.
        by_id: techniques by id, superseded ones among them.
        mitigations: mitigations by id.
    """

    version: str
    by_id: Mapping[str, Technique]
    mitigations: Mapping[str, Mitigation]


@cache
def shipped_techniques() -> Techniques:
    """Return the techniques that come with otsim; a STIX bundle brings newer ones."""
    techniques = (
        Technique(
            id=row["id"],
            name=row["name"],
            tactics=tuple(row["tactics"].split()),
            mitigations=tuple(row["mitigations"].split()),
            superseded_by=row["superseded_by"] or None,
        )
        for row in _rows("attack_ics.csv")
    )
    mitigations = (Mitigation(**row) for row in _rows("attack_ics_mitigations.csv"))
    return Techniques(
        version=SHIPPED_VERSION,
        by_id={technique.id: technique for technique in techniques},
        mitigations={mitigation.id: mitigation for mitigation in mitigations},
    )


def successor_of(technique: Technique, techniques: Techniques) -> Technique:
    """Return the current technique that took the place of one; itself if it is current."""
    after = techniques.by_id.get(technique.superseded_by or "")
    return after if after is not None and after.superseded_by is None else technique


def mitigations_of(technique_id: str, techniques: Techniques) -> tuple[Mitigation, ...]:
    """Return what helps against a technique, or against the one that took its place.

    Raises:
        KeyError: there is no such technique; `technique_fault` says so in words.
    """
    current = successor_of(techniques.by_id[technique_id], techniques)
    return tuple(techniques.mitigations[one] for one in current.mitigations)


def technique_fault(technique_id: str, techniques: Techniques, *, hint: bool = True) -> str | None:
    """Return what is wrong with the id of a technique and what to do; None if it exists.

    Args:
        technique_id: as a file has it.
        techniques: the techniques that there are.
        hint: whether to seek the nearest id, which takes long.
    """
    if technique_id in techniques.by_id:
        return None
    ids = {technique.name.lower(): one for one, technique in techniques.by_id.items()}
    named = ids.get(technique_id.lower())  # its name in place of its id
    otherwise = "see https://attack.mitre.org/matrices/ics, or import a newer STIX bundle"
    known = [named] if named else techniques.by_id if hint else ()
    words = did_you_mean(named or technique_id, known, otherwise=otherwise)
    return f"ATT&CK for ICS {techniques.version} has no technique {technique_id!r} ({words})"


def mitigation_fault(mitigation_id: str, techniques: Techniques) -> str | None:
    """Return what is wrong with the id of a mitigation and what to do; None if it exists."""
    if mitigation_id in techniques.mitigations:
        return None
    otherwise = "see https://attack.mitre.org/mitigations/ics"
    words = did_you_mean(mitigation_id, techniques.mitigations, otherwise=otherwise)
    return f"ATT&CK for ICS {techniques.version} has no mitigation {mitigation_id!r} ({words})"


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("otsim.config.architecture").joinpath(name).read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    yield from csv.DictReader(lines)

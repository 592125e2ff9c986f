"""What a review finds: a weak spot of the network, a measure worth its money, or good news."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from otsim.review.results import Change

__all__ = ["Finding", "FindingKind", "Item", "changes_of_findings"]

Sort = Literal["mend", "structure", "measure", "note"]
Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, kw_only=True)
class FindingKind:
    """One rule of the review.

    Attributes:
        id: stable, such as `OTS-UNNEEDED-SERVICE`.
        name: in a few words.
        help: what it means, and how it is found, in one or two sentences.
        sort: `mend` can be mended in the design, `structure` is how the network hangs together,
            `measure` is a control to keep, buy or drop, `note` is worth knowing.
        level: how SARIF shows it, where it costs anything.
        mitigation: id of the ATT&CK mitigation that fits; None for none.
    """

    id: str
    name: str
    help: str
    sort: Sort
    level: Level
    mitigation: str | None = None


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something of the architecture: its kind as in `ItemKind`, `control` or `goal`, its name."""

    kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding.

    Attributes:
        kind: its rule.
        name: what tells it from others of its kind.
        title: what to do, or what is so, in words.
        items: what it is about.
        evidence: why it matters, in one sentence.
        recommendation: what to do about it; "" for nothing.
        change: the design with it mended; None where that changes no way to a goal.
    """

    kind: FindingKind
    name: str
    title: str
    items: tuple[Item, ...]
    evidence: str
    recommendation: str
    change: Change | None = None

    @property
    def id(self) -> str:
        """Its name among all findings of a review, the same in each review."""
        return f"{self.kind.id}/{self.name}"


def changes_of_findings(findings: Iterable[Finding]) -> tuple[Change, ...]:
    """Return the changes to weigh: `mending` where something can be mended, `structure` else."""
    return tuple(finding.change for finding in findings if finding.change is not None)

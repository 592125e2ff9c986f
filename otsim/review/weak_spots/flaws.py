"""Flaws for which there is an update."""

from __future__ import annotations

from collections.abc import Iterator

from otsim.review.findings import Finding, FindingKind, Item
from otsim.review.reviewed_network import ReviewedNetwork

__all__ = ["KINDS", "findings"]

EXPLOITED = FindingKind(
    id="OTS-KNOWN-EXPLOITED",
    name="Known exploited vulnerability",
    help="A flaw in CISA's catalogue of known exploited vulnerabilities, for which there is a fix.",
    sort="mend",
    level="error",
    mitigation="M0951",
)
UNFIXED = FindingKind(
    id="OTS-MISSING-UPDATE",
    name="Missing update",
    help="A flaw for which there is a fix, not known to be exploited.",
    sort="mend",
    level="warning",
    mitigation="M0951",
)
KINDS = (EXPLOITED, UNFIXED)


def findings(network: ReviewedNetwork) -> Iterator[Finding]:
    """Find flaws that an update would mend."""
    for name, flaw in network.given.vulnerabilities.items():
        if flaw.fixed_in is None:
            continue
        id_or_name = flaw.cve or name
        yield network.finding(
            EXPLOITED if flaw.kev else UNFIXED,
            name,
            title=f"Update {network.called('asset', flaw.asset)}: {flaw.title or name} "
            f"({id_or_name}){', exploited in the wild' if flaw.kev else ''}",
            items=[Item(kind="vulnerability", name=name), Item(kind="asset", name=flaw.asset)],
            recommendation=f"Bring it to {flaw.fixed_in} or later; until then, let fewer zones "
            "reach the service.",
            absent=network.steps_using("vulnerability", name),
        )

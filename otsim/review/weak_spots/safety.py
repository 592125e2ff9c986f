"""A safety system that is reached from where it should not be."""

from __future__ import annotations

from collections.abc import Iterator

from otsim.review.findings import Finding, FindingKind, Item
from otsim.review.reviewed_network import ReviewedNetwork

__all__ = ["KINDS", "findings"]

PROGRAMMED = FindingKind(
    id="OTS-SIS-PROGRAMMABLE",
    name="Safety system programmed over the network",
    help="The engineering service of a safety controller is open to a zone with a lower target "
    "level, or to one in which an engineering station stands beside other assets. Weighed as if it "
    "were closed to these zones.",
    sort="mend",
    level="error",
    mitigation="M0812",
)
REACHED = FindingKind(
    id="OTS-SIS-REACHED",
    name="Safety system reached from a lower zone",
    help="Another service of a safety controller is open to a zone with a lower target level. "
    "Weighed as if it were closed to that zone.",
    sort="mend",
    level="warning",
    mitigation="M0930",
)
KINDS = (PROGRAMMED, REACHED)


def findings(network: ReviewedNetwork) -> Iterator[Finding]:
    """Find services of safety controllers that lower zones reach."""
    for name, service in network.given.services.items():
        if network.given.assets[service.asset].type != "safety_controller":
            continue
        programs = service.protocol in network.engineering_protocols
        zones: dict[str, set[str]] = {}
        for zone, conduit in network.facts.openings(name):
            if network.level_of(zone) < network.home_level(name) or (
                programs and _is_mixed(network, zone)
            ):
                zones.setdefault(zone, set()).add(conduit)
        if zones:
            yield _finding(network, name, zones, PROGRAMMED if programs else REACHED)


def _is_mixed(network: ReviewedNetwork, zone: str) -> bool:
    """Whether an engineering station stands in a zone with computers of other kinds."""
    types = {asset.type for asset in network.given.assets.values() if asset.zone == zone}
    return "engineering_workstation" in types and len(types - {"switch", "firewall"}) > 1


def _finding(
    network: ReviewedNetwork, name: str, zones: dict[str, set[str]], kind: FindingKind
) -> Finding:
    asset = network.given.services[name].asset
    conduits = set().union(*zones.values())
    whence = ", ".join(network.title_of("zone", zone) or zone for zone in zones)
    return network.finding(
        kind,
        name,
        title=f"Program {asset} over a network of its own, not from {whence}"
        if kind is PROGRAMMED
        else f"Keep {network.called('service', name)} of {asset} out of reach of {whence}",
        items=[
            Item(kind="service", name=name),
            Item(kind="asset", name=asset),
            *(Item(kind="conduit", name=conduit) for conduit in sorted(conduits)),
        ],
        evidence=f"{asset} (target level {network.home_level(name)}) answers "
        f"{', '.join(f'{zone} (target level {network.level_of(zone)})' for zone in zones)}.",
        recommendation="Give the engineering of the safety system a station and a network of its "
        "own, switched on when needed; let status pass one way only; keep the key in RUN.",
        absent=network.steps_where(
            lambda step: step.items.get("service") == name and step.items.get("conduit") in conduits
        ),
    )

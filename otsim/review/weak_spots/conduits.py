"""Ways between zones that let too much pass, or lead around the DMZ."""

from __future__ import annotations

from collections.abc import Iterator

from otsim.review.findings import Finding, FindingKind, Item
from otsim.review.reviewed_network import ReviewedNetwork

__all__ = ["KINDS", "findings"]

FLAT = FindingKind(
    id="OTS-FLAT-CONDUIT",
    name="Flat conduit",
    help="A conduit names no protocols, so all pass. Weighed as if it were closed.",
    sort="mend",
    level="error",
    mitigation="M0930",
)
AROUND_DMZ = FindingKind(
    id="OTS-AROUND-DMZ",
    name="Way around the DMZ",
    help="A service in the plant (Purdue level 3 and below) is open to the offices or beyond "
    "(level 4 and above), though the architecture has a DMZ between them.",
    sort="mend",
    level="error",
    mitigation="M0930",
)
KINDS = (FLAT, AROUND_DMZ)

_PLANT, _OFFICE = 3.0, 4.0


def findings(network: ReviewedNetwork) -> Iterator[Finding]:
    """Find flat conduits, and what is reached past the DMZ."""
    for name, conduit in network.given.conduits.items():
        if not conduit.protocols:
            yield _flat(network, name)
    levels = network.given.zones.values()
    if any(_PLANT < (zone.purdue_level or 0.0) < _OFFICE for zone in levels):
        yield from _around_dmz(network)


def _flat(network: ReviewedNetwork, name: str) -> Finding:
    conduit = network.given.conduits[name]
    return network.finding(
        FLAT,
        name,
        title=f"Close {network.called('conduit', name)}, or name its protocols",
        items=[Item(kind="conduit", name=name)],
        evidence=f"Every protocol passes from {conduit.from_zone} to {conduit.to_zone}.",
        recommendation="Remove the rule if nothing needs it; else let only named protocols pass, "
        "between named assets.",
        absent=network.steps_using("conduit", name),
    )


def _around_dmz(network: ReviewedNetwork) -> Iterator[Finding]:
    found: dict[str, dict[str, set[str]]] = {}
    for name, service in network.given.services.items():
        for zone, conduit in network.facts.openings(name):
            if _is_outside(network, zone) and _is_plant(network, network.home_of(name)):
                found.setdefault(service.asset, {}).setdefault(name, set()).add(conduit)
    for asset, services in found.items():
        yield _exposed(network, asset, services)


def _exposed(network: ReviewedNetwork, asset: str, services: dict[str, set[str]]) -> Finding:
    conduits = sorted(set().union(*services.values()))
    return network.finding(
        AROUND_DMZ,
        asset,
        title=f"Take {network.called('asset', asset)} off the office network: "
        "it is reached past the DMZ",
        items=[
            Item(kind="asset", name=asset),
            *(Item(kind="service", name=name) for name in services),
            *(Item(kind="conduit", name=name) for name in conduits),
        ],
        evidence=f"Open over {', '.join(conduits)}: {', '.join(services)}.",
        recommendation="Let the offices read a copy in the DMZ that the plant fills, and reach "
        "the asset itself only from inside.",
        absent=network.steps_where(
            lambda step: (
                step.items.get("conduit") in services.get(step.items.get("service", ""), ())
            )
        ),
    )


def _is_outside(network: ReviewedNetwork, zone: str) -> bool:
    given = network.given.zones[zone]
    return given.untrusted or (given.purdue_level or 0.0) >= _OFFICE


def _is_plant(network: ReviewedNetwork, zone: str) -> bool:
    level = network.given.zones[zone].purdue_level
    return level is not None and level <= _PLANT

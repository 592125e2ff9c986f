"""Suppliers' access and removable media: what comes in from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from otsim.review.findings import Finding, FindingKind, Item
from otsim.review.reviewed_network import ReviewedNetwork

__all__ = ["KINDS", "findings"]

VENDOR = FindingKind(
    id="OTS-VENDOR-ACCESS",
    name="Supplier's access left open",
    help="A supplier's remote access is open at all times, or asks for no second factor. Weighed "
    "as if the supplier's end could not be used.",
    sort="mend",
    level="error",
    mitigation="M0801",
)
MEDIUM = FindingKind(
    id="OTS-ROAMING-MEDIUM",
    name="Removable medium used across zones",
    help="A removable medium is plugged in in several zones, or into a safety controller. "
    "Weighed as if it were plugged in nowhere.",
    sort="mend",
    level="warning",
    mitigation="M0934",
)
KINDS = (VENDOR, MEDIUM)


def findings(network: ReviewedNetwork) -> Iterator[Finding]:
    """Find suppliers' access that is too open, and media that go too far."""
    for name in network.given.vendor_access:
        yield from _vendor(network, name)
    for name in network.given.media:
        yield from _medium(network, name)


def _vendor(network: ReviewedNetwork, name: str) -> Iterator[Finding]:
    access = network.given.vendor_access[name]
    second_factor = network.facts.authentication(access.service) == "mfa"
    if second_factor and not access.always_on:
        return
    faults = ["open at all times"] * access.always_on
    faults += ["without a second factor"] * (not second_factor)
    yield network.finding(
        VENDOR,
        name,
        title=f"Open {network.called('vendor', name)} only when asked for, with a second factor",
        items=[
            Item(kind="vendor", name=name),
            *(Item(kind="service", name=service) for service in filter(None, [access.service])),
        ],
        evidence=f"It is {' and '.join(faults)}, and reaches {', '.join(access.reaches)}.",
        recommendation="Enable it for a session, from inside, through a jump host with a second "
        "factor, and record it.",
        absent=network.steps_using("vendor", name),
    )


def _medium(network: ReviewedNetwork, name: str) -> Iterator[Finding]:
    used_on = network.given.media[name].used_on
    zones = dict.fromkeys(network.zone_of(asset) for asset in used_on)
    safety = [a for a in used_on if network.given.assets[a].type == "safety_controller"]
    if len(zones) < 2 and not safety:
        return
    yield network.finding(
        MEDIUM,
        name,
        title=f"Keep {network.called('medium', name)} to one zone"
        + (", away from the safety system" if safety else ""),
        items=[Item(kind="medium", name=name)],
        evidence=f"It is plugged into {', '.join(used_on)}, in {', '.join(zones)}.",
        recommendation="Keep a medium for each zone, read by a scanner before each use; none for "
        "the safety system but its own.",
        absent=network.steps_using("medium", name),
    )

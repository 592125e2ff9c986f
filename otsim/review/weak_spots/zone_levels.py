"""Zones that fall short of their target level, by a rule of otsim's own."""

from __future__ import annotations

from collections.abc import Iterator

from otsim.review.findings import Finding, FindingKind, Item
from otsim.review.reviewed_network import ReviewedNetwork

__all__ = ["KINDS", "achieved_level", "findings"]

BELOW = FindingKind(
    id="OTS-ZONE-BELOW-TARGET",
    name="Zone below its target level",
    help="The weakest way into the zone is weaker than its target level of IEC 62443 asks. Its "
    "level is otsim's simplification: 0 a conduit that lets everything pass, 1 a service without "
    "authentication or with a default password, 2 a password, 3 a second factor, 4 no way in. "
    "Weighed as if the ways weaker than the target were closed.",
    sort="structure",
    level="warning",
    mitigation="M0930",
)
KINDS = (BELOW,)

_BY_LOGIN = {"none": 1, "password": 2, "mfa": 3}
_CLOSED = 4
_Way = tuple[int, str, str]


def achieved_level(network: ReviewedNetwork, zone: str) -> int:
    """Return the level of the weakest way into a zone, 0 to 4."""
    return min((level for level, _, _ in _ways_into(network, zone)), default=_CLOSED)


def findings(network: ReviewedNetwork) -> Iterator[Finding]:
    """Find zones below their target level."""
    for name, zone in network.given.zones.items():
        ways = [way for way in _ways_into(network, name) if way[0] < zone.security_level]
        if ways:
            yield _finding(network, name, ways)


def _ways_into(network: ReviewedNetwork, zone: str) -> Iterator[_Way]:
    """The ways into a zone: level, conduit, service ("" for any)."""
    given = network.given
    for name, conduit in given.conduits.items():
        ends = [conduit.to_zone, *([conduit.from_zone] if conduit.direction == "both" else [])]
        if zone in ends and not conduit.protocols:
            yield 0, name, ""
    open_to_all = {
        asset for one in given.credentials.values() if one.well_known for asset in one.valid_on
    }
    for name, service in given.services.items():
        if network.home_of(name) == zone:
            level = _BY_LOGIN[service.authentication]
            if service.authentication == "password" and service.asset in open_to_all:
                level = 1
            for _, conduit_name in network.facts.openings(name):
                yield level, conduit_name, name


def _finding(network: ReviewedNetwork, zone: str, ways: list[_Way]) -> Finding:
    target, achieved = network.level_of(zone), min(level for level, _, _ in ways)
    weak = {(conduit, service) for _, conduit, service in ways}
    weakest = next(way for way in ways if way[0] == achieved)
    return network.finding(
        BELOW,
        zone,
        title=f"{_called(network, zone)} reaches level {achieved}, not its target of {target}",
        items=[Item(kind="zone", name=zone)],
        evidence=_weakest_words(*weakest),
        recommendation="Mend the ways in that are weaker than the target, or set a target that is "
        "meant.",
        absent=network.steps_where(
            lambda step: (
                (step.items.get("conduit", ""), step.items.get("service", "")) in weak
                or (step.items.get("conduit", ""), "") in weak
            )
        ),
    )


def _called(network: ReviewedNetwork, zone: str) -> str:
    told = network.called("zone", zone)
    return f"{told[:1].upper()}{told[1:]}" if network.title_of("zone", zone) else f"Zone {told}"


def _weakest_words(level: int, conduit: str, service: str) -> str:
    if level == 0:
        return f"Weakest way in: {conduit} lets every protocol pass."
    what = {1: "asks for nothing that is secret", 2: "asks for a password alone"}.get(
        level, "asks for a second factor"
    )
    return f"Weakest way in: {service}, over {conduit}, {what}."

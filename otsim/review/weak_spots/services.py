"""Services that should not be there, or not be reached as they are."""

from __future__ import annotations

from collections.abc import Iterator

from otsim.review.findings import Finding, FindingKind, Item
from otsim.review.reviewed_network import ReviewedNetwork

__all__ = ["KINDS", "findings"]

UNNEEDED = FindingKind(
    id="OTS-UNNEEDED-SERVICE",
    name="Unneeded service",
    help="A service that the architecture marks `needed: false` still listens.",
    sort="mend",
    level="warning",
    mitigation="M0942",
)
OPEN = FindingKind(
    id="OTS-OPEN-SERVICE",
    name="Service that asks for nothing",
    help="Services without authentication are reached from another zone; one finding a protocol. "
    "Weighed as if none of the steps existed that need no log-in there.",
    sort="mend",
    level="warning",
    mitigation="M0804",
)
ONE_FACTOR = FindingKind(
    id="OTS-REMOTE-ACCESS-ONE-FACTOR",
    name="Remote access by password alone",
    help="A service that is reached from an untrusted zone, and through which people log in, asks "
    "for a password alone. Weighed as if no log-in from there worked.",
    sort="mend",
    level="error",
    mitigation="M0932",
)
KINDS = (UNNEEDED, OPEN, ONE_FACTOR)

_LOG_INS = frozenset(
    {"https", "http", "rdp", "vnc", "ssh", "telnet", "teamviewer", "winrm", "smb", "ftp", "sftp"}
)


def findings(network: ReviewedNetwork) -> Iterator[Finding]:
    """Find unneeded services, those that ask for nothing, and those that ask for too little."""
    yield from _unneeded(network)
    yield from _open(network)
    yield from _one_factor(network)


def _unneeded(network: ReviewedNetwork) -> Iterator[Finding]:
    for name, service in network.given.services.items():
        if service.needed:
            continue
        yield network.finding(
            UNNEEDED,
            name,
            title=f"Switch off {network.called('service', name)} on {service.asset}: "
            "nobody needs it",
            items=[Item(kind="service", name=name), Item(kind="asset", name=service.asset)],
            recommendation=f"Remove or disable the {service.protocol} service, and close its port.",
            absent=network.steps_using("service", name),
        )


def _open(network: ReviewedNetwork) -> Iterator[Finding]:
    by_protocol: dict[str, dict[str, set[str]]] = {}
    for name, service in network.given.services.items():
        zones = {zone for zone, _ in network.facts.openings(name)}
        if service.authentication == "none" and zones:
            by_protocol.setdefault(service.protocol, {})[name] = zones
    for protocol, services in by_protocol.items():
        yield _open_protocol(network, protocol, services)


def _open_protocol(
    network: ReviewedNetwork, protocol: str, services: dict[str, set[str]]
) -> Finding:
    assets = list(dict.fromkeys(network.given.services[name].asset for name in services))
    where = assets[0] if len(assets) == 1 else f"{len(assets)} assets"
    zones = ", ".join(sorted(set().union(*services.values())))
    return network.finding(
        OPEN,
        protocol,
        title=f"Protect {protocol} on {where}: it asks for nothing",
        items=[Item(kind="service", name=name) for name in services],
        evidence=f"Reached from {zones}.",
        recommendation="Have it ask who is there (a password, a certificate, a protocol with "
        "authentication), or let a gateway in front of the zone pass only the senders and "
        "commands that are needed.",
        absent=network.steps_where(
            lambda step: step.rule in network.asks_nothing and step.items.get("service") in services
        ),
    )


def _one_factor(network: ReviewedNetwork) -> Iterator[Finding]:
    for name, service in network.given.services.items():
        ways = {
            conduit
            for zone, conduit in network.facts.openings(name)
            if zone in network.facts.untrusted
        }
        if not ways or service.authentication != "password" or service.protocol not in _LOG_INS:
            continue
        yield network.finding(
            ONE_FACTOR,
            name,
            title=f"Ask for a second factor at {network.called('service', name)}",
            items=[Item(kind="service", name=name), Item(kind="asset", name=service.asset)],
            recommendation="Add a second factor that cannot be read out or forwarded, for staff "
            "and suppliers alike.",
            absent=network.steps_where(
                lambda step, name=name, ways=ways: (  # type: ignore[misc]
                    step.items.get("service") == name
                    and step.items.get("conduit") in ways
                    and "vulnerability" not in step.items
                )
            ),
        )

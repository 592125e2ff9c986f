"""Passwords that open too much, or that everybody knows."""

from __future__ import annotations

from collections.abc import Iterator

from otsim.review.findings import Finding, FindingKind, Item
from otsim.review.reviewed_network import ReviewedNetwork

__all__ = ["KINDS", "findings"]

SHARED = FindingKind(
    id="OTS-SHARED-CREDENTIAL",
    name="Shared credential",
    help="A credential opens three or more assets in several zones with more than a user's rights, "
    "or assets in zones with different target levels. Weighed as if it could not be used.",
    sort="mend",
    level="error",
    mitigation="M0927",
)
WELL_KNOWN = FindingKind(
    id="OTS-DEFAULT-PASSWORD",
    name="Default password",
    help="A vendor's default or built-in password, known to all, is still valid.",
    sort="mend",
    level="error",
    mitigation="M0927",
)
KINDS = (SHARED, WELL_KNOWN)

_MANY = 3


def findings(network: ReviewedNetwork) -> Iterator[Finding]:
    """Find shared credentials and default passwords."""
    for name, credential in network.given.credentials.items():
        if credential.well_known:
            yield _well_known(network, name)
        elif _is_shared(network, name):
            yield _shared(network, name)


def _is_shared(network: ReviewedNetwork, name: str) -> bool:
    credential = network.given.credentials[name]
    zones = {network.zone_of(asset) for asset in credential.valid_on}
    levels = {network.level_of(zone) for zone in zones}
    is_powerful = credential.level != "user" and len(credential.valid_on) >= _MANY
    return len(levels) > 1 or (len(zones) > 1 and is_powerful)


def _shared(network: ReviewedNetwork, name: str) -> Finding:
    credential = network.given.credentials[name]
    zones = dict.fromkeys(network.zone_of(asset) for asset in credential.valid_on)
    return network.finding(
        SHARED,
        name,
        title=f"Split {network.called('credential', name)}: valid on {len(credential.valid_on)} "
        f"assets in {_counted(len(zones), 'zone')}",
        items=[Item(kind="credential", name=name)],
        evidence=f"One password opens {', '.join(credential.valid_on)}.",
        recommendation="Give each computer, or at least each zone, a password of its own, kept in "
        "a vault.",
        absent=network.steps_using("credential", name),
    )


def _well_known(network: ReviewedNetwork, name: str) -> Finding:
    valid_on = network.given.credentials[name].valid_on
    return network.finding(
        WELL_KNOWN,
        name,
        title=f"Change {network.called('credential', name)}",
        items=[Item(kind="credential", name=name)],
        evidence=f"It opens {', '.join(valid_on)}.",
        recommendation="Set a password of its own on each device.",
        absent=network.steps_using("credential", name),
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"

"""What words of Threagile mean in an architecture of ours."""

from __future__ import annotations

import re
from typing import Any

from otsim.config.architecture.network import AssetType

__all__ = ["AUTHENTICATIONS", "CRITICALITIES", "PORTS", "asset_type"]

AUTHENTICATIONS = {
    "none": "none",
    "credentials": "password",
    "session-id": "password",
    "token": "password",
    "client-certificate": "password",
    "externalized": "password",
    "two-factor": "mfa",
}

CRITICALITIES = {
    "archive": "low",
    "operational": "low",
    "important": "medium",
    "critical": "high",
    "mission-critical": "high",
}

PORTS = {
    "http": 80,
    "https": 443,
    "mqtt": 1883,
    "ssh": 22,
    "ssh-tunnel": 22,
    "sftp": 22,
    "scp": 22,
    "smtp": 25,
    "smtp-encrypted": 465,
    "pop3": 110,
    "pop3-encrypted": 995,
    "imap": 143,
    "imap-encrypted": 993,
    "ftp": 21,
    "ftps": 990,
    "ldap": 389,
    "ldaps": 636,
    "nfs": 2049,
    "smb": 445,
    "smb-encrypted": 445,
    "nrpe": 5666,
    "xmpp": 5222,
}
"""The usual port of a protocol, where it has one."""

_BY_WORD: tuple[tuple[AssetType, tuple[str, ...]], ...] = (
    ("safety_controller", ("sis", "safety", "esd")),
    ("engineering_workstation", ("engineering", "ews", "devops", "development")),
    ("hmi", ("hmi", "operator")),
    ("data_historian", ("historian",)),
    ("plc", ("plc",)),
    ("rtu", ("rtu",)),
    ("ied", ("ied", "relay")),
    ("dcs_controller", ("dcs",)),
    ("field_io", ("sensor", "actuator", "transmitter", "iot")),
    ("jump_host", ("jump", "bastion")),
    ("vpn_server", ("vpn",)),
    ("firewall", ("firewall", "waf", "ids", "ips")),
    ("router", ("router",)),
    ("switch", ("switch",)),
    ("control_server", ("scada", "mainframe")),
    ("data_gateway", ("gateway", "proxy", "balancer", "mesh", "queue", "broker", "esb")),
    ("workstation", ("client", "desktop", "workstation", "laptop", "browser", "mobile")),
)
_WORD = re.compile(r"[a-z]+")


def asset_type(title: str, given: dict[str, Any]) -> AssetType:
    """Guess the type of a technical asset from its title and its technologies.

    Args:
        title: the key that it stands under.
        given: what the file says of it.
    """
    technologies = given.get("technologies") or given.get("technology") or ""
    for text in (title, str(technologies)):
        words = set(_WORD.findall(text.lower()))
        for kind, known in _BY_WORD:
            if words.intersection(known):
                return kind
    person = given.get("used_as_client_by_human") is True
    return (
        "workstation" if person or given.get("type") == "external-entity" else "application_server"
    )

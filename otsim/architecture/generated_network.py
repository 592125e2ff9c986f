"""Zones, conduits, assets and services of made-up plants."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from otsim.config.architecture.architecture import COLLECTIONS
from otsim.config.architecture.network import AssetType

__all__ = ["Draft", "add_network"]

_CELL_SIZE = 24
_Entry = dict[str, Any]


@dataclass
class Draft:
    """A plant in the making: what an architecture file would hold."""

    rng: random.Random
    weak_share: float
    zones: dict[str, _Entry] = field(default_factory=dict)
    conduits: dict[str, _Entry] = field(default_factory=dict)
    assets: dict[str, _Entry] = field(default_factory=dict)
    services: dict[str, _Entry] = field(default_factory=dict)
    vulnerabilities: dict[str, _Entry] = field(default_factory=dict)
    credentials: dict[str, _Entry] = field(default_factory=dict)
    people: dict[str, _Entry] = field(default_factory=dict)
    media: dict[str, _Entry] = field(default_factory=dict)
    vendor_access: dict[str, _Entry] = field(default_factory=dict)
    controls: dict[str, _Entry] = field(default_factory=dict)
    goals: dict[str, _Entry] = field(default_factory=dict)

    def weak(self) -> bool:
        """Draw whether one common weakness is there."""
        return self.rng.random() < self.weak_share

    def of_type(self, *kinds: AssetType) -> list[str]:
        """The assets of some types, in their order."""
        return [name for name, asset in self.assets.items() if asset["type"] in kinds]

    def collections(self) -> dict[str, dict[str, _Entry]]:
        """All that has been made, by the keys of an architecture file."""
        return {key: getattr(self, key) for key in COLLECTIONS}


# protocol, port, authentication (secure, weak), whether the plant needs it
_SERVICES: dict[AssetType, tuple[tuple[str, int, str, str, bool], ...]] = {
    "workstation": (
        ("rdp", 3389, "password", "password", True),
        ("smb", 445, "password", "password", False),
    ),
    "engineering_workstation": (
        ("rdp", 3389, "mfa", "password", True),
        ("smb", 445, "password", "password", True),
    ),
    "hmi": (
        ("rdp", 3389, "password", "password", True),
        ("opc_ua", 4840, "password", "none", True),
        ("vnc", 5900, "password", "none", False),
    ),
    "control_server": (
        ("opc_ua", 4840, "password", "none", True),
        ("rdp", 3389, "password", "password", True),
    ),
    "application_server": (
        ("https", 443, "password", "password", True),
        ("rdp", 3389, "password", "password", True),
        ("smb", 445, "password", "password", False),
    ),
    "data_historian": (
        ("opc_ua", 4840, "password", "none", True),
        ("sql", 1433, "password", "password", True),
        ("rdp", 3389, "password", "password", True),
    ),
    "data_gateway": (
        ("opc_ua", 4840, "password", "none", True),
        ("https", 443, "password", "password", True),
    ),
    "jump_host": (("rdp", 3389, "mfa", "password", True),),
    "vpn_server": (("https", 443, "mfa", "password", True),),
    "plc": (
        ("modbus", 502, "none", "none", True),
        ("s7comm", 102, "password", "none", True),
        ("http", 80, "password", "none", False),
    ),
    "rtu": (("dnp3", 20000, "none", "none", True), ("telnet", 23, "password", "none", False)),
    "ied": (("iec61850", 102, "none", "none", True), ("ftp", 21, "password", "none", False)),
    "safety_controller": (
        ("safety_engineering", 1502, "password", "none", True),
        ("modbus", 502, "none", "none", True),
    ),
    "field_io": (
        ("enip", 44818, "none", "none", True),
        ("http", 80, "password", "none", False),
    ),
    "switch": (("ssh", 22, "password", "password", True), ("snmp", 161, "password", "none", False)),
    "firewall": (("https", 443, "mfa", "password", True),),
}
_CONTROL_PROTOCOLS = ("modbus", "dnp3", "iec61850", "opc_ua", "enip", "s7comm")
_REMOTE_PROTOCOLS = ("rdp", "vnc", "https")


def add_network(draft: Draft, n_assets: int, points: Sequence[str]) -> None:
    """Add zones, conduits, assets and services to an empty draft.

    Args:
        draft: what to add to.
        n_assets: how many assets, at least 20.
        points: plant points, dealt out to the controllers.
    """
    n_safety = max(2, n_assets // 25)
    n_dmz, n_operations = max(3, n_assets // 25), max(3, n_assets // 12)
    n_enterprise = max(4, n_assets // 4)
    n_control = n_assets - n_safety - n_dmz - n_operations - n_enterprise
    n_cells = max(1, round(n_control / _CELL_SIZE))
    cells = [f"cell_{i}" for i in range(1, n_cells + 1)]
    _add_zones(draft, cells)
    _add_conduits(draft, cells)
    _fill(draft, "enterprise", n_enterprise, ("application_server", "firewall"), _OFFICE)
    _fill(draft, "dmz", n_dmz, ("vpn_server", "jump_host", "data_gateway"), _DMZ)
    first: tuple[AssetType, ...] = ("data_historian", "engineering_workstation", "switch")
    _fill(draft, "operations", n_operations, first, _OPERATIONS)
    for i, cell in enumerate(cells):
        count = n_control // n_cells + (i < n_control % n_cells)
        _fill(draft, cell, count, ("plc", "hmi", "control_server", "switch"), _CELL)
    _fill(draft, "safety", n_safety, ("safety_controller", "field_io"), _SAFETY)
    _deal_points(draft, points)
    _add_services(draft)


_Weights = dict[AssetType, int]
_OFFICE: _Weights = {"workstation": 80, "application_server": 15, "switch": 4, "router": 1}
_DMZ: _Weights = {"application_server": 50, "data_gateway": 30, "jump_host": 10, "firewall": 10}
_OPERATIONS: _Weights = {
    "workstation": 45, "application_server": 25, "engineering_workstation": 20, "switch": 10,
}  # fmt: skip
_CELL: _Weights = {"field_io": 60, "plc": 22, "hmi": 10, "ied": 4, "rtu": 4}
_SAFETY: _Weights = {"field_io": 75, "safety_controller": 25}


def _add_zones(draft: Draft, cells: Sequence[str]) -> None:
    draft.zones |= {
        "internet": {"title": "The internet", "untrusted": True, "purdue_level": 5.0},
        "enterprise": {"title": "Offices", "security_level": 1, "purdue_level": 4.0},
        "dmz": {"title": "DMZ", "security_level": 2, "purdue_level": 3.5},
        "operations": {"title": "Operations", "security_level": 2, "purdue_level": 3.0},
        "control": {"title": "Control", "security_level": 2, "purdue_level": 2.0},
        "safety": {"title": "Safety", "security_level": 3, "purdue_level": 1.0},
    }
    for cell in cells:
        draft.zones[cell] = {"parent": "control", "security_level": 2, "purdue_level": 1.0}


def _add_conduits(draft: Draft, cells: Sequence[str]) -> None:
    def add(start: str, end: str, protocols: Sequence[str], **more: str) -> None:
        name = f"{start}_to_{end}"
        entry = {"from_zone": start, "to_zone": end, "protocols": list(protocols)}
        draft.conduits[name] = entry | more

    add("internet", "dmz", ("https",))
    add("enterprise", "dmz", ("https", "rdp", "opc_ua"))
    add("dmz", "operations", ("rdp", "opc_ua", "sql"))
    if draft.weak():
        add("enterprise", "operations", ())  # a flat network: all protocols pass
    for i, cell in enumerate(cells):
        remote = _REMOTE_PROTOCOLS if draft.weak() else ("rdp",)
        add("operations", cell, (*_CONTROL_PROTOCOLS, *remote))
        if i > 0 and draft.weak():
            add(cells[i - 1], cell, (), direction="both")
    if draft.weak():
        add("operations", "safety", ("safety_engineering",))
    add(cells[0], "safety", ("modbus",))


def _fill(
    draft: Draft, zone: str, count: int, first: Sequence[AssetType], weights: _Weights
) -> None:
    """Put assets into a zone: those that each such zone has, then others by chance."""
    others = draft.rng.choices(list(weights), list(weights.values()), k=max(0, count - len(first)))
    for kind in (*first[:count], *others):
        number = sum(1 for asset in draft.assets.values() if asset["type"] == kind) + 1
        entry = {"type": kind, "zone": zone, "firmware": _version(draft.rng)}
        if kind in ("safety_controller", "plc", "control_server"):
            entry["criticality"] = "high"
        draft.assets[f"{kind}_{number}"] = entry


def _version(rng: random.Random) -> str:
    return f"{rng.randint(1, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}"


def _deal_points(draft: Draft, points: Sequence[str]) -> None:
    """Give each point to one controller, which reads, writes and computes it, and to an HMI."""
    controllers, screens = draft.of_type("plc"), draft.of_type("hmi")
    for i, point in enumerate(dict.fromkeys(points)):
        owner = draft.assets[controllers[i % len(controllers)]].setdefault("points", {})
        for way in ("read", "write", "logic"):
            owner.setdefault(way, []).append(point)
        screen = draft.assets[screens[i % len(screens)]].setdefault("points", {})
        screen.setdefault("read", []).append(point)


def _add_services(draft: Draft) -> None:
    into: dict[str, list[tuple[str, list[str]]]] = {}
    for conduit in draft.conduits.values():
        start, end, passed = conduit["from_zone"], conduit["to_zone"], conduit["protocols"]
        into.setdefault(end, []).append((start, passed))
        if conduit.get("direction") == "both":
            into.setdefault(start, []).append((end, passed))
    for name, asset in draft.assets.items():
        for protocol, port, secure, weak, needed in _SERVICES.get(asset["type"], ()):
            if not needed and not draft.weak():
                continue
            zones = [
                zone
                for zone, passed in into.get(asset["zone"], ())
                if not passed or protocol in passed
            ]
            draft.services[f"{name}_{protocol}"] = {
                "asset": name,
                "protocol": protocol,
                "port": port,
                "authentication": weak if draft.weak() else secure,
                "needed": needed,
                "open_to": sorted({zone for zone in zones if draft.rng.random() < 0.8}),
            }

"""The network: zones, the conduits between them, the assets in them and their services."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from otsim.config.architecture.identifiers import Port, Protocol, Toggle
from otsim.config.distribution_parameters import Frozen, Real
from otsim.config.field_types import Name, Source, Whole

__all__ = [
    "ASSET_TYPES",
    "ATTACK_ASSETS",
    "Asset",
    "AssetType",
    "Conduit",
    "PointAccess",
    "Service",
    "Zone",
]

AssetType = Literal[
    "workstation",
    "engineering_workstation",
    "hmi",
    "control_server",
    "application_server",
    "data_historian",
    "data_gateway",
    "jump_host",
    "vpn_server",
    "plc",
    "rtu",
    "ied",
    "dcs_controller",
    "safety_controller",
    "field_io",
    "router",
    "switch",
    "firewall",
]
ASSET_TYPES: tuple[AssetType, ...] = get_args(AssetType)

ATTACK_ASSETS: dict[AssetType, str] = {
    "workstation": "A0001",
    "engineering_workstation": "A0001",  # a workstation to ATT&CK
    "hmi": "A0002",
    "plc": "A0003",
    "rtu": "A0004",
    "ied": "A0005",
    "data_historian": "A0006",
    "control_server": "A0007",
    "application_server": "A0008",
    "data_gateway": "A0009",
    "safety_controller": "A0010",
    "vpn_server": "A0011",
    "jump_host": "A0012",
    "field_io": "A0013",
    "router": "A0014",
}
"""ATT&CK's id of an asset type; its ids of DCS controllers, switches and firewalls are left out."""


class Zone(Frozen):
    """A group of assets that trust each other: what one can send, all can receive."""

    title: str | None = Field(None, description="What it is, in words.")
    parent: Name | None = Field(None, description="The zone that it is part of. Default: none.")
    security_level: Annotated[Whole, Field(ge=0, le=4)] = Field(
        0, description="Target security level of IEC 62443, 0 to 4. Default 0: none is set."
    )
    purdue_level: Annotated[Real, Field(ge=0, le=5)] | None = Field(
        None, description="Level of the Purdue model, 0 to 5, a DMZ 3.5. Default: not said."
    )
    untrusted: Toggle = Field(
        False, description="Attackers may start here, as on the internet. Default false."
    )
    source: Source = None


class Conduit(Frozen):
    """A way for connections from one zone to another."""

    title: str | None = Field(None, description="What it is, in words.")
    from_zone: Name = Field(description="The zone from which connections are opened.")
    to_zone: Name = Field(description="The zone to which they lead.")
    direction: Literal["one_way", "both"] = Field(
        "one_way", description="both: connections may be opened from either end. Default one_way."
    )
    protocols: tuple[Protocol, ...] = Field(
        (), description="Protocols that pass, as services name them. Default: all pass."
    )
    controls: tuple[Name, ...] = Field(
        (), description="Controls that act on it, besides those whose scope names it."
    )
    source: Source = None


class PointAccess(Frozen):
    """Plant points by what can be done to them; `XMEAS*` stands for all that begin so."""

    read: tuple[str, ...] = Field((), description="Points whose value is seen. Default none.")
    write: tuple[str, ...] = Field((), description="Points that can be changed. Default none.")
    logic: tuple[str, ...] = Field(
        (), description="Points whose program runs there and can be replaced. Default none."
    )


class Asset(Frozen):
    """A computer or device of the plant's network."""

    title: str | None = Field(None, description="What it is, in words.")
    type: AssetType = Field(
        description="Kind of asset, after ATT&CK for ICS: workstation, engineering_workstation, "
        "hmi, control_server, application_server, data_historian, data_gateway, jump_host, "
        "vpn_server, plc, rtu, ied, dcs_controller, safety_controller, field_io, router, switch, "
        "firewall."
    )
    zone: Name = Field(description="The zone that it stands in.")
    product: str | None = Field(None, description="Vendor and product. Default: not said.")
    firmware: str | None = Field(
        None, description="Version of its firmware or system. Default: not said."
    )
    criticality: Literal["low", "medium", "high"] = Field(
        "medium", description="How much the plant depends on it. Default medium."
    )
    points: PointAccess = Field(
        PointAccess(), description="Plant points that it can touch. Default none."
    )
    source: Source = None


class Service(Frozen):
    """Something that listens on an asset."""

    title: str | None = Field(None, description="What it is, in words.")
    asset: Name = Field(description="The asset that it runs on.")
    port: Port | None = Field(None, description="TCP or UDP port, 1 to 65535. Default: not said.")
    protocol: Protocol = Field(
        description="Short name of its protocol, such as modbus, opc_ua, rdp, https."
    )
    authentication: Literal["none", "password", "mfa"] = Field(
        "password",
        description="What it asks for: none, password (or key), mfa (a second factor). "
        "Default password.",
    )
    needed: Toggle = Field(
        True, description="false: the plant would run without it, so it may go. Default true."
    )
    open_to: tuple[Name, ...] = Field(
        (),
        description="Zones from which it can be reached besides its asset's own, each through a "
        "conduit that its protocol passes. Default none.",
    )
    source: Source = None

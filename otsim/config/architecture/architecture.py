"""The architecture: one YAML file that says how the plant's network is built and protected."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from otsim.config.architecture.identifiers import Privilege
from otsim.config.architecture.network import Asset, Conduit, PointAccess, Service, Zone
from otsim.config.architecture.safeguards import Control
from otsim.config.architecture.ways_in import People, RemovableMedium, VendorAccess
from otsim.config.architecture.weaknesses import Credential, Vulnerability
from otsim.config.distribution_parameters import Frozen
from otsim.config.field_types import Name, Source

__all__ = ["COLLECTIONS", "Architecture", "NetworkGoal"]

COLLECTIONS = (
    "zones",
    "conduits",
    "assets",
    "services",
    "vulnerabilities",
    "credentials",
    "people",
    "media",
    "vendor_access",
    "controls",
    "goals",
)
"""The keys of an architecture that hold entries by name."""


class NetworkGoal(Frozen):
    """What must be in an attacker's hands; the study's goal of this name says what is done then."""

    title: str | None = Field(None, description="What it is, in words.")
    assets: dict[Name, Privilege] = Field(
        {}, description="Assets, each with the state it takes: net, user, admin, logic."
    )
    points: PointAccess = Field(
        PointAccess(),
        description="Plant points that any asset in the attacker's hands must be able to touch so.",
    )
    source: Source = None


class Architecture(Frozen):
    """The network of a plant, its weaknesses and its safeguards."""

    version: Literal[1] = Field(description="Version of this format: 1.")
    title: str = Field(description="What it is, in words.")
    description: str | None = Field(None, description="Prose for the report.")
    zones: dict[Name, Zone] = Field(min_length=1, description="Zones by name.")
    conduits: dict[Name, Conduit] = Field({}, description="Ways between zones. Default none.")
    assets: dict[Name, Asset] = Field(min_length=1, description="Computers and devices by name.")
    services: dict[Name, Service] = Field({}, description="What listens on them. Default none.")
    vulnerabilities: dict[Name, Vulnerability] = Field({}, description="Flaws. Default none.")
    credentials: dict[Name, Credential] = Field({}, description="Passwords, keys. Default none.")
    people: dict[Name, People] = Field({}, description="Who reads mail. Default none.")
    media: dict[Name, RemovableMedium] = Field({}, description="Removable media. Default none.")
    vendor_access: dict[Name, VendorAccess] = Field(
        {}, description="Suppliers' remote access. Default none."
    )
    controls: dict[Name, Control] = Field({}, description="Safeguards. Default none.")
    goals: dict[Name, NetworkGoal] = Field(
        {}, description="What goals of a study take, under the same names. Default none."
    )
    sources: dict[str, str] = Field(
        {}, description="Bibliography: text by key; `source` fields may name a key."
    )

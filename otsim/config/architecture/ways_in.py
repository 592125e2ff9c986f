"""Ways into the network besides its open services: people, removable media, vendors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from otsim.config.architecture.identifiers import Toggle
from otsim.config.attack_tree import Probability
from otsim.config.distribution_parameters import Frozen
from otsim.config.field_types import Name, NonNegative, Source, Whole

__all__ = ["People", "RemovableMedium", "VendorAccess"]


class People(Frozen):
    """A group of people who read mail."""

    title: str | None = Field(None, description="Who they are, in words.")
    headcount: Annotated[Whole, Field(ge=1, le=1_000_000)] = Field(
        1, description="How many they are. Default 1."
    )
    phishing_rate: Probability = Field(
        description="Chance that one of them acts on one phishing mail, 0 to 1."
    )
    workstations: tuple[Name, ...] = Field(
        min_length=1, description="Assets on which they read mail."
    )
    credentials: tuple[Name, ...] = Field(
        (), description="Credentials that they know and may give away. Default none."
    )
    source: Source = None


class RemovableMedium(Frozen):
    """Something that is carried in and plugged in."""

    title: str | None = Field(None, description="What it is, in words.")
    kind: Literal["usb_stick", "laptop", "memory_card", "other"] = Field(
        "usb_stick", description="usb_stick, laptop, memory_card or other. Default usb_stick."
    )
    used_on: tuple[Name, ...] = Field(min_length=1, description="Assets that it is plugged into.")
    uses_per_year: NonNegative = Field(description="How often a year it is plugged in.")
    infection_rate: Probability = Field(
        description="Chance that it carries malware at one use, 0 to 1."
    )
    source: Source = None


class VendorAccess(Frozen):
    """Remote access of a supplier."""

    title: str | None = Field(None, description="Who they are and what for, in words.")
    service: Name | None = Field(
        None, description="The service through which they come in. Default: straight to the assets."
    )
    reaches: tuple[Name, ...] = Field(min_length=1, description="Assets that they maintain.")
    credentials: tuple[Name, ...] = Field(
        (), description="Credentials that they hold. Default none."
    )
    always_on: Toggle = Field(
        False, description="true: open at all times, not only when asked for. Default false."
    )
    sessions_per_year: NonNegative = Field(
        12.0, description="How often a year they connect. Default 12."
    )
    compromise_rate: Probability = Field(
        description="Chance that within a year an attacker holds the supplier's end, 0 to 1."
    )
    source: Source = None

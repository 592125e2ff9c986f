"""What protects the network: controls that prevent, detect or respond."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from otsim.config.architecture.identifiers import ShareDistribution, Toggle
from otsim.config.distribution_parameters import Frozen
from otsim.config.distributions import NonNegativeDistribution
from otsim.config.field_types import Name, NonNegative, Source

__all__ = ["Control", "Scope"]


class Scope(Frozen):
    """Where a control acts: at the places named, on the techniques named; all, if none is named."""

    zones: tuple[Name, ...] = Field((), description="Zones, with all assets in them.")
    assets: tuple[Name, ...] = Field((), description="Assets, with all their services.")
    conduits: tuple[Name, ...] = Field((), description="Conduits.")
    services: tuple[Name, ...] = Field((), description="Services.")
    techniques: tuple[str, ...] = Field(
        (), description="ATT&CK techniques such as T0866, with their sub-techniques."
    )


class Control(Frozen):
    """One safeguard: how well it works, where, and what it costs."""

    title: str | None = Field(None, description="What it is, in words.")
    type: Literal["prevent", "detect", "respond"] = Field(
        description="prevent (lowers the chance of a step), detect (may notice it), respond "
        "(ends a noticed campaign)."
    )
    scope: Scope = Field(Scope(), description="Where it acts, besides conduits that name it.")
    effectiveness: ShareDistribution = Field(
        description="Share, 0 to 1, of attempts that it stops, notices or ends: a number, or a "
        "distribution drawn once a campaign."
    )
    delay_h: NonNegativeDistribution | None = Field(
        None,
        description="detect, respond: hours until it notices, or is done. Default: at once.",
    )
    in_place: Toggle = Field(
        True, description="false: not there yet, a measure to be weighed. Default true."
    )
    cost_per_year: NonNegative = Field(
        0.0, description="Cost a year, in the study's currency. Default 0."
    )
    mitigation: str | None = Field(
        None, description="ATT&CK mitigation that it puts into practice, such as M0930."
    )
    source: Source = None

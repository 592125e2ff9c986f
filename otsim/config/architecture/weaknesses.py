"""What an attacker can use inside the network: vulnerabilities and credentials."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from otsim.config.architecture.identifiers import CveId, CvssVector, Privilege, Toggle
from otsim.config.attack_tree import Probability
from otsim.config.distribution_parameters import Frozen
from otsim.config.field_types import Name, Source

__all__ = ["Credential", "Vulnerability"]


class Vulnerability(Frozen):
    """A flaw of an asset, or of one of its services."""

    title: str | None = Field(None, description="What it is, in words. Default: its name.")
    cve: CveId | None = Field(
        None, description="Id such as CVE-2021-44228. Default: none, a flaw that has no id."
    )
    cvss: CvssVector | None = Field(
        None, description="CVSS 3.1 base vector, CVSS:3.1/AV:N/AC:L/... Default: not known."
    )
    epss: Probability | None = Field(
        None,
        description="EPSS: chance that it is exploited anywhere within 30 days, 0 to 1. "
        "Default: not known.",
    )
    kev: Toggle = Field(
        False, description="In CISA's catalogue of known exploited vulnerabilities. Default false."
    )
    fixed_in: str | None = Field(None, description="Version that mends it. Default: none is known.")
    asset: Name = Field(description="The asset that has it.")
    service: Name | None = Field(
        None, description="The service through which it is reached. Default: any of the asset."
    )
    gains: Privilege = Field(
        "admin",
        description="What an exploit gains on the asset: net, user, admin or logic. Default admin.",
    )
    source: Source = None


class Credential(Frozen):
    """A password, key or token that opens something."""

    title: str | None = Field(None, description="What it is, in words.")
    stored_on: tuple[Name, ...] = Field(
        (),
        description="Assets on which it lies, and where whoever has them finds it. Default none.",
    )
    valid_on: tuple[Name, ...] = Field(
        min_length=1, description="Assets that it opens; several make it a shared one."
    )
    level: Literal["user", "admin", "logic"] = Field(
        "user", description="What it opens there: user, admin or logic. Default user."
    )
    well_known: Toggle = Field(
        False, description="A vendor's default or built-in one, known to all. Default false."
    )
    source: Source = None

"""Identifiers and numbers as the blocks of an architecture use them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from otsim.config.distributions import Distribution
from otsim.config.field_types import Whole
from otsim.config.yaml_lines import one_line

__all__ = [
    "Access",
    "CveId",
    "CvssVector",
    "Port",
    "Privilege",
    "Protocol",
    "ShareDistribution",
    "Toggle",
    "cvss_fault",
]

_CVSS_METRICS = {
    "AV": "NALP",
    "AC": "LH",
    "PR": "NLH",
    "UI": "NR",
    "S": "UC",
    "C": "HLN",
    "I": "HLN",
    "A": "HLN",
}
_CVSS_EXAMPLE = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
_CVE = re.compile(r"CVE-\d{4}-\d{4,12}")
_PROTOCOL = re.compile(r"[a-z0-9][a-z0-9._+-]{0,31}")

Access = Literal["read", "write", "logic"]
"""What an asset can do to a plant point: see it, change it, change the program behind it."""

Privilege = Literal["net", "user", "admin", "logic"]
"""State of an asset in an attacker's hands: messages from its network, a user, an administrator,
its control logic."""

Toggle = Annotated[bool, Field(strict=True)]
Port = Annotated[Whole, Field(ge=1, le=65535)]


def _cve(text: str) -> str:
    if _CVE.fullmatch(text):
        return text
    raise PydanticCustomError("cve", "need a CVE id such as CVE-2021-44228")


def cvss_fault(vector: str) -> str | None:
    """Return what is wrong with a CVSS 3 base vector and what to do; None if nothing is."""
    version, *parts = vector.split("/")
    if version not in ("CVSS:3.1", "CVSS:3.0"):
        return f"need a CVSS 3.1 vector such as {_CVSS_EXAMPLE}"
    seen = set()
    for part in parts:
        metric, _, value = part.partition(":")
        known = _CVSS_METRICS.get(metric)
        if known is None:
            return f"has no base metric {one_line(metric, 20)!r}; write one such as {_CVSS_EXAMPLE}"
        if len(value) != 1 or value not in known:
            return f"{metric} is {one_line(value, 20)!r}, but must be one of {', '.join(known)}"
        if metric in seen:
            return f"{metric} is given twice; keep one"
        seen.add(metric)
    missing = [metric for metric in _CVSS_METRICS if metric not in seen]
    return f"lacks {', '.join(missing)}; add as in {_CVSS_EXAMPLE}" if missing else None


def _cvss(vector: str) -> str:
    fault = cvss_fault(vector)
    if fault is None:
        return vector
    raise PydanticCustomError("cvss", "{fault}", {"fault": fault})


def _protocol(text: str) -> str:
    if _PROTOCOL.fullmatch(text):
        return text
    raise PydanticCustomError(
        "protocol", "need a short name in small letters such as modbus, opc_ua or https"
    )


def _share(value: Any) -> Any:
    if value.lowest >= 0.0 and value.highest <= 1.0:
        return value
    raise PydanticCustomError(
        "share",
        "reaches from {low} to {high}, but must stay within 0 and 1; "
        "write a number, uniform, triangular, pert or discrete",
        {"low": f"{value.lowest:g}", "high": f"{value.highest:g}"},
    )


CveId = Annotated[str, AfterValidator(_cve)]
"""The id of a vulnerability in the CVE list."""

CvssVector = Annotated[str, AfterValidator(_cvss)]
"""A CVSS 3.1 base vector; one of CVSS 3.0 is read as one of 3.1, whose metrics are the same."""

Protocol = Annotated[str, AfterValidator(_protocol)]
"""The short name of a protocol, the same on services and conduits."""

ShareDistribution = Annotated[Distribution, AfterValidator(_share)]
"""A distribution of shares and probabilities, within 0 and 1; pert is a beta between two ends."""

"""Checks of vulnerabilities and credentials, and of the ways in that use them."""

from __future__ import annotations

from collections.abc import Iterator

from otsim.config.architecture.architecture import Architecture
from otsim.config.architecture.references import References
from otsim.config.problems import Problem

__all__ = ["weakness_problems"]


def weakness_problems(given: Architecture, references: References) -> Iterator[Problem]:
    """Find references to nothing, and entries that say the same twice."""
    yield from _vulnerability_problems(given, references)
    for key, holders, names in (
        ("credentials", given.credentials, ("stored_on", "valid_on")),
        ("people", given.people, ("workstations",)),
        ("media", given.media, ("used_on",)),
        ("vendor_access", given.vendor_access, ("reaches",)),
    ):
        for name, holder in holders.items():
            for field in names:
                place = (key, name, field)
                yield from references.each(getattr(holder, field), given.assets, "asset", place)
    for key, owners in (("people", given.people), ("vendor_access", given.vendor_access)):
        for name, owner in owners.items():
            place = (key, name, "credentials")
            yield from references.each(owner.credentials, given.credentials, "credential", place)
    for name, vendor in given.vendor_access.items():
        place = ("vendor_access", name, "service")
        yield from references.one(vendor.service, given.services, "service", place)


def _vulnerability_problems(given: Architecture, references: References) -> Iterator[Problem]:
    seen: dict[tuple[str, str, str | None], str] = {}
    for name, flaw in given.vulnerabilities.items():
        place = ("vulnerabilities", name)
        yield from references.one(flaw.asset, given.assets, "asset", (*place, "asset"))
        yield from references.one(flaw.service, given.services, "service", (*place, "service"))
        service = given.services.get(flaw.service or "")
        if service is not None and service.asset != flaw.asset:
            message = f"runs on {service.asset!r}, not on {flaw.asset!r}; change one"
            yield (*place, "service"), message
        if flaw.kev and flaw.cve is None:
            yield (*place, "kev"), "that catalogue holds CVE ids alone; add cve, or remove kev"
        if flaw.cve is not None:
            first = seen.setdefault((flaw.cve, flaw.asset, flaw.service), name)
            if first != name:
                yield (*place, "cve"), f"{first!r} says the same of {flaw.asset!r}; keep one"

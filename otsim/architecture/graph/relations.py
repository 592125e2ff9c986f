"""What rules range over: relations of an architecture, each a table of rows with named fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from otsim.architecture.graph.network_facts import FLAW_FIELDS, NetworkFacts, Row

__all__ = ["RELATIONS", "Relation", "outside_ways"]

Rows = Callable[[NetworkFacts], Iterator[Row]]

_ASSET = ("asset", "asset_type", "zone", "criticality")
_SERVICE = (*_ASSET, "service", "protocol", "authentication")
_CREDENTIAL = ("credential", "level", "opens", "well_known")


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table that a rule may range over.

    Attributes:
        keys: the fields that name a row, and so its step.
        fields: all its fields, keys among them.
        rows: makes its rows.
        about: what a row is, in words.
    """

    keys: tuple[str, ...]
    fields: tuple[str, ...]
    rows: Rows
    about: str


def outside_ways(facts: NetworkFacts, service: str) -> Iterator[tuple[str, str | None]]:
    """The ways to a service from untrusted zones: a name of each, and its conduit if it has one."""
    home = facts.services[service]["zone"]
    if home in facts.untrusted:
        yield str(home), None
    for zone, conduit in facts.openings(service):
        if zone in facts.untrusted:
            yield conduit, conduit


def _assets(facts: NetworkFacts) -> Iterator[Row]:
    yield from facts.assets.values()


def _services(facts: NetworkFacts) -> Iterator[Row]:
    yield from facts.services.values()


def _passages(facts: NetworkFacts) -> Iterator[Row]:
    for service, row in facts.services.items():
        for zone, conduit in facts.openings(service):
            if zone not in facts.untrusted:
                yield {**row, "conduit": conduit, "from_zone": zone}


def _outside_services(facts: NetworkFacts) -> Iterator[Row]:
    for service, row in facts.services.items():
        for way, conduit in outside_ways(facts, service):
            yield {**row, "way": way, "conduit": conduit}


def _flaws(facts: NetworkFacts) -> Iterator[Row]:
    for name in facts.given.vulnerabilities:
        yield facts.flaw(name)


def _outside_flaws(facts: NetworkFacts) -> Iterator[Row]:
    for name, flaw in facts.given.vulnerabilities.items():
        for service in (flaw.service,) if flaw.service else facts.services_of[flaw.asset]:
            for way, conduit in outside_ways(facts, service):
                yield {**facts.flaw(name), "service": service, "way": way, "conduit": conduit}


def _log_ins(facts: NetworkFacts) -> Iterator[Row]:
    for name, credential in facts.given.credentials.items():
        for asset in credential.valid_on:
            for service in facts.services_of[asset]:
                yield {**facts.services[service], **facts.credential(name)}


def _outside_log_ins(facts: NetworkFacts) -> Iterator[Row]:
    for row in _log_ins(facts):
        for way, conduit in outside_ways(facts, str(row["service"])):
            yield {**row, "way": way, "conduit": conduit}


def _storages(facts: NetworkFacts) -> Iterator[Row]:
    for name, credential in facts.given.credentials.items():
        for asset in credential.stored_on:
            yield {**facts.assets[asset], **facts.credential(name)}


def _mailboxes(facts: NetworkFacts) -> Iterator[Row]:
    for name, people in facts.given.people.items():
        each = people.headcount / len(people.workstations)
        phished = 1.0 - (1.0 - people.phishing_rate) ** each
        for asset in people.workstations:
            yield {**facts.assets[asset], "people": name, "phished": phished}


def _mails(facts: NetworkFacts) -> Iterator[Row]:
    for name, people in facts.given.people.items():
        phished = 1.0 - (1.0 - people.phishing_rate) ** people.headcount
        for credential in people.credentials:
            yield {**facts.credential(credential), "people": name, "phished": phished}


def _typed_passwords(facts: NetworkFacts) -> Iterator[Row]:
    for name, people in facts.given.people.items():
        for credential in people.credentials:
            for asset in people.workstations:
                yield {**facts.assets[asset], **facts.credential(credential), "people": name}


def _media(facts: NetworkFacts) -> Iterator[Row]:
    for name, medium in facts.given.media.items():
        infected = 1.0 - (1.0 - medium.infection_rate) ** medium.uses_per_year
        yield {"medium": name, "kind": medium.kind, "infected": infected}


def _medium_uses(facts: NetworkFacts) -> Iterator[Row]:
    for name, medium in facts.given.media.items():
        if medium.uses_per_year > 0.0:
            used: Row = {
                "medium": name,
                "kind": medium.kind,
                "use_every_d": 365 / medium.uses_per_year,
            }
            for asset in medium.used_on:
                yield {**facts.assets[asset], **used}


def _vendors(facts: NetworkFacts) -> Iterator[Row]:
    for name, vendor in facts.given.vendor_access.items():
        rate = vendor.compromise_rate
        yield {"vendor": name, "always_on": vendor.always_on, "compromise_rate": rate}


def _vendor_assets(facts: NetworkFacts) -> Iterator[Row]:
    for name, vendor in facts.given.vendor_access.items():
        if not vendor.always_on and vendor.sessions_per_year == 0.0:
            continue
        row: Row = {
            "vendor": name,
            "always_on": vendor.always_on,
            "service": vendor.service,
            "authentication": facts.authentication(vendor.service),
            "session_every_d": 365 / max(vendor.sessions_per_year, 1e-9),
        }
        for asset in vendor.reaches:
            yield {**facts.assets[asset], **row}


def _vendor_credentials(facts: NetworkFacts) -> Iterator[Row]:
    for name, vendor in facts.given.vendor_access.items():
        for credential in vendor.credentials:
            yield {**facts.credential(credential), "vendor": name}


def _programming(facts: NetworkFacts) -> Iterator[Row]:
    stations = (one for one in facts.given.assets.values() if one.type == "engineering_workstation")
    for zone in dict.fromkeys(station.zone for station in stations):
        for service in facts.open_to(zone):
            yield {**facts.services[service], "from_zone": zone}


def _points(facts: NetworkFacts) -> Iterator[Row]:
    for name, asset in facts.given.assets.items():
        for access in ("read", "write", "logic"):
            for point in facts.points(getattr(asset.points, access)):
                kind = facts.kinds.get(point, "other")
                yield {**facts.assets[name], "point": point, "access": access, "kind": kind}


def _plant(facts: NetworkFacts) -> Iterator[Row]:
    yield {}


def _relation(about: str, rows: Rows, keys: str, *fields: str) -> Relation:
    return Relation(keys=tuple(keys.split()), fields=fields, rows=rows, about=about)


_WAY = ("way", "conduit")
RELATIONS: Mapping[str, Relation] = {
    "plant": _relation("the plant, once", _plant, ""),
    "asset": _relation("an asset", _assets, "asset", *_ASSET),
    "service": _relation("a service", _services, "service", *_SERVICE),
    "passage": _relation(
        "a service and a conduit that leads to it from a zone that is not untrusted",
        _passages, "conduit service", *_SERVICE, "conduit", "from_zone",
    ),
    "outside_service": _relation(
        "a service and a way to it from an untrusted zone",
        _outside_services, "service way", *_SERVICE, *_WAY,
    ),
    "flaw": _relation("a vulnerability", _flaws, "flaw", *FLAW_FIELDS),
    "outside_flaw": _relation(
        "a vulnerability, a service that shows it, and a way to that from an untrusted zone",
        _outside_flaws, "flaw service way", *FLAW_FIELDS, *_WAY,
    ),
    "login": _relation(
        "a credential and a service of an asset on which it is valid",
        _log_ins, "credential service", *_SERVICE, *_CREDENTIAL,
    ),
    "outside_login": _relation(
        "the same, and a way to the service from an untrusted zone",
        _outside_log_ins, "credential service way", *_SERVICE, *_CREDENTIAL, *_WAY,
    ),
    "storage": _relation(
        "a credential and an asset on which it is stored",
        _storages, "credential asset", *_ASSET, *_CREDENTIAL,
    ),
    "mailbox": _relation(
        "people and a workstation of theirs; phished: chance that one of its users is",
        _mailboxes, "people asset", *_ASSET, "people", "phished",
    ),
    "mail": _relation(
        "people and a credential that they know; phished: chance that one of them is",
        _mails, "people credential", *_CREDENTIAL, "people", "phished",
    ),
    "typed_password": _relation(
        "people, a credential that they know and a workstation of theirs",
        _typed_passwords, "people credential asset", *_ASSET, *_CREDENTIAL, "people",
    ),
    "medium": _relation(
        "a removable medium; infected: chance that it is, at least once a year",
        _media, "medium", "medium", "kind", "infected",
    ),
    "medium_use": _relation(
        "a removable medium and an asset that it is used on",
        _medium_uses, "medium asset", *_ASSET, "medium", "kind", "use_every_d",
    ),
    "vendor": _relation(
        "a supplier with remote access", _vendors, "vendor", "vendor", "always_on",
        "compromise_rate",
    ),
    "vendor_asset": _relation(
        "a supplier and an asset that it maintains, the service that it comes in by, if any",
        _vendor_assets, "vendor asset", *_ASSET, "vendor", "always_on", "service",
        "authentication", "session_every_d",
    ),
    "vendor_credential": _relation(
        "a supplier and a credential that it holds",
        _vendor_credentials, "vendor credential", *_CREDENTIAL, "vendor",
    ),
    "programming": _relation(
        "a service that is open to a zone with an engineering station, and that zone",
        _programming, "service from_zone", *_SERVICE, "from_zone",
    ),
    "point": _relation(
        "a plant point, an asset and what it can do to it; kind: of the point, or other",
        _points, "asset point", *_ASSET, "point", "access", "kind",
    ),
}  # fmt: skip
"""The relations by name."""

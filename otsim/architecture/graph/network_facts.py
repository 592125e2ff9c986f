"""An architecture looked up from all sides: who reaches what, as rows that rules can read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from otsim.config.architecture.architecture import Architecture
from otsim.config.architecture.plant_points import points_named

__all__ = ["FLAW_FIELDS", "NetworkFacts", "Row", "Value"]

Value = str | float | bool | None
Row = Mapping[str, Value]

FLAW_FIELDS = (
    "asset", "asset_type", "zone", "criticality", "service", "flaw", "gains", "opens",
    "vector",
    "complexity", "privileges", "interaction", "kev", "seen_at",
)  # fmt: skip
_UNKNOWN_VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
_Openings = dict[tuple[str, str], list[tuple[str, frozenset[str]]]]


class NetworkFacts:
    """Looks up what the relations of an architecture are made of."""

    def __init__(self, given: Architecture, kinds: Mapping[str, str]) -> None:
        """Prepare the look-ups.

        Args:
            given: a checked architecture.
            kinds: the kind of each plant point by name, in the plant's order.
        """
        self.given = given
        self.kinds = kinds

    @cached_property
    def untrusted(self) -> frozenset[str]:
        """The zones in which attackers may start."""
        return frozenset(name for name, zone in self.given.zones.items() if zone.untrusted)

    @cached_property
    def assets(self) -> dict[str, Row]:
        """Rows of the assets by name."""
        return {
            name: {
                "asset": name,
                "asset_type": asset.type,
                "zone": asset.zone,
                "criticality": asset.criticality,
            }
            for name, asset in self.given.assets.items()
        }

    @cached_property
    def services(self) -> dict[str, Row]:
        """Rows of the services by name."""
        return {
            name: {
                **self.assets[service.asset],
                "service": name,
                "protocol": service.protocol,
                "authentication": service.authentication,
            }
            for name, service in self.given.services.items()
        }

    @cached_property
    def services_of(self) -> dict[str, list[str]]:
        """Names of the services of each asset."""
        found: dict[str, list[str]] = {name: [] for name in self.given.assets}
        for name, service in self.given.services.items():
            found[service.asset].append(name)
        return found

    def openings(self, service: str) -> Iterator[tuple[str, str]]:
        """The zones to which a service is open besides its own, each with a conduit to it.

        A zone stands there once for each conduit that passes the service's protocol.
        """
        one = self.given.services[service]
        home = self.given.assets[one.asset].zone
        for zone in one.open_to:
            for conduit, protocols in self._conduits.get((zone, home), ()):
                if not protocols or one.protocol in protocols:
                    yield zone, conduit

    def open_to(self, zone: str) -> list[str]:
        """The services that are reached from a zone, its own and those of others."""
        return self._open_to.get(zone, [])

    def flaw(self, name: str) -> Row:
        """The row of a vulnerability; one without a CVSS vector counts as plainly remote.

        `opens` is the state that an exploit gains: one of the control program lets it be written.
        """
        flaw = self.given.vulnerabilities[name]
        metrics = dict(part.split(":") for part in (flaw.cvss or _UNKNOWN_VECTOR).split("/")[1:])
        row = self.assets[flaw.asset]
        return {
            **row,
            "service": flaw.service,
            "flaw": name,
            "gains": flaw.gains,
            "opens": "program" if flaw.gains == "logic" else flaw.gains,
            "vector": metrics["AV"],
            "complexity": metrics["AC"],
            "privileges": metrics["PR"],
            "interaction": metrics["UI"],
            "kev": flaw.kev,
            "seen_at": _seen_at(str(row["zone"]), flaw.asset, flaw.service, metrics["AV"]),
        }

    def credential(self, name: str) -> Row:
        """The row of a credential; `opens` is the state that a log-in with it gains."""
        given = self.given.credentials[name]
        return {
            "credential": name,
            "level": given.level,
            "opens": "engineer" if given.level == "logic" else given.level,
            "well_known": given.well_known,
        }

    def authentication(self, service: str | None) -> str:
        """What a service asks for; nothing, if there is no service."""
        return "none" if service is None else self.given.services[service].authentication

    def points(self, names: Iterable[str]) -> list[str]:
        """The plant points that some names stand for, each once."""
        return list(dict.fromkeys(one for name in names for one in self._named(name)))

    def _named(self, name: str) -> Collection[str]:
        return points_named(name, self.kinds) if name.endswith("*") else (name,)

    @cached_property
    def _conduits(self) -> _Openings:
        found: _Openings = {}
        for name, conduit in self.given.conduits.items():
            ends = [(conduit.from_zone, conduit.to_zone)]
            if conduit.direction == "both":
                ends.append((conduit.to_zone, conduit.from_zone))
            for pair in ends:
                found.setdefault(pair, []).append((name, frozenset(conduit.protocols)))
        return found

    @cached_property
    def _open_to(self) -> dict[str, list[str]]:
        found: dict[str, dict[str, None]] = {}
        for name, row in self.services.items():
            for zone in (str(row["zone"]), *(zone for zone, _ in self.openings(name))):
                found.setdefault(zone, {})[name] = None
        return {zone: list(names) for zone, names in found.items()}


def _seen_at(zone: str, asset: str, service: str | None, vector: str) -> str:
    """The state that lets an attacker talk to a flaw."""
    if vector != "N":
        return f"zone.{zone}"
    return f"reach.{service}" if service else f"visible.{asset}"

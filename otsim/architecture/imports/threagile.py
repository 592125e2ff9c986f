"""A model of Threagile as YAML -> an architecture: boundaries are zones, links are services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otsim.architecture.imports.bounded_files import shown_name
from otsim.architecture.imports.threagile_words import (
    AUTHENTICATIONS,
    CRITICALITIES,
    PORTS,
    asset_type,
)
from otsim.config.architecture.architecture import Architecture
from otsim.config.architecture.read_architecture import MAX_BYTES, checked_architecture
from otsim.config.architecture.references import References
from otsim.config.yaml_lines import Branch, one_line, plain, read_yaml
from otsim.errors import ConfigError

__all__ = ["read_threagile"]

_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 50  # what is added to keep names apart stays below the limit of 64
_OUTSIDE, _INTERNET = "outside", "internet"
_WEAKEST = ("none", "password", "mfa")


def read_threagile(path: str | Path) -> Architecture:
    """Read technical assets, communication links and trust boundaries.

    A trust boundary becomes a zone, a technical asset an asset, the protocol in which others talk
    to it a service, and the links between two zones a conduit. Assets in no boundary stand in a
    zone `internet`, if Threagile says so, or else `outside`. Threagile knows no plants: types are
    guessed from names and technologies; plant points, credentials and controls are left to you.

    Args:
        path: the file; `-` is standard input.

    Raises:
        ConfigError: every fault, a line `file:line:col: where: what; what to do` each.
    """
    root = read_yaml(path, max_bytes=MAX_BYTES)
    model = _Model(shown_name(path))
    assets = _entries(root, "technical_assets", model.faults)
    boundaries = _entries(root, "trust_boundaries", model.faults)
    for title, branch in assets:
        model.take_asset(title, branch)
    for title, branch in boundaries:
        model.take_boundary(title, branch)
    for title, branch in boundaries:
        model.nest(title, branch)
    model.place_assets()
    for title, branch in assets:
        model.take_links(title, branch)
    if model.faults:
        raise ConfigError(*model.faults)
    title = root.value.get("title")
    words = title.value if title is not None and isinstance(title.value, str) else "From Threagile"
    return checked_architecture(model.data(words), shown_name(path))


@dataclass
class _Model:
    """What has been read so far."""

    file: str
    faults: list[str] = field(default_factory=list)
    zones: dict[str, dict[str, Any]] = field(default_factory=dict)
    assets: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    conduits: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    asset_names: dict[str, str] = field(default_factory=dict)  # by Threagile's id
    zone_names: dict[str, str] = field(default_factory=dict)
    on_internet: set[str] = field(default_factory=set)
    references: References = field(default_factory=References)

    def take_asset(self, title: str, branch: Branch) -> None:
        """Take one technical asset, its links apart."""
        given = plain(branch)
        name = self._name_of(given, title, branch, self.asset_names)
        if name is None:
            return
        self.assets[name] = {
            "title": title,
            "type": asset_type(title, given),
            "criticality": max(
                (CRITICALITIES.get(str(given.get(key)), "medium") for key in _RATINGS),
                key=("low", "medium", "high").index,
            ),
        }
        if given.get("internet") is True:
            self.on_internet.add(name)

    def take_boundary(self, title: str, branch: Branch) -> None:
        """Take one trust boundary and put its assets into it."""
        name = self._name_of(plain(branch), title, branch, self.zone_names)
        if name is None:
            return
        self.zones[name] = {"title": title}
        where = f"trust_boundaries.{one_line(title, 60)}.technical_assets_inside"
        for item in _items(branch, "technical_assets_inside", where, self.faults):
            asset = self._known(item, self.asset_names, "technical asset", where)
            if asset is not None and "zone" in self.assets[asset]:
                self._fault(item, where, f"{item.value!r} is inside two boundaries; keep one")
            elif asset is not None:
                self.assets[asset]["zone"] = name

    def nest(self, title: str, branch: Branch) -> None:
        """Put boundaries into the boundary that holds them."""
        own_id = plain(branch).get("id", title) if isinstance(branch.value, dict) else title
        name = self.zone_names.get(str(own_id))
        where = f"trust_boundaries.{one_line(title, 60)}.trust_boundaries_nested"
        for item in _items(branch, "trust_boundaries_nested", where, self.faults):
            inner = self._known(item, self.zone_names, "trust boundary", where)
            if inner is not None and name is not None:
                self.zones[inner]["parent"] = name

    def place_assets(self) -> None:
        """Put the assets that are in no boundary into a zone of their own."""
        for name, asset in self.assets.items():
            if "zone" not in asset:
                wanted = _INTERNET if name in self.on_internet else _OUTSIDE
                asset["zone"] = self._outer_zone(wanted)

    def take_links(self, title: str, branch: Branch) -> None:
        """Take the links that one asset opens."""
        where = f"technical_assets.{one_line(title, 60)}.communication_links"
        own_id = plain(branch).get("id", title) if isinstance(branch.value, dict) else title
        source = self.asset_names.get(str(own_id))
        links = branch.value.get("communication_links") if isinstance(branch.value, dict) else None
        if source is None or links is None or links.value is None:
            return
        if not isinstance(links.value, dict):
            self._fault(links, where, "need a mapping (lines of name: link)")
            return
        for link_title, link in links.value.items():
            self._take_link(source, link, f"{where}.{one_line(link_title, 60)}")

    def data(self, title: str) -> dict[str, Any]:
        """Return all of it as an architecture file would hold it."""
        conduits = {
            f"conduit_{i}": {"from_zone": start, "to_zone": end, "protocols": sorted(set(names))}
            for i, ((start, end), names) in enumerate(self.conduits.items(), start=1)
        }
        services = {f"service_{i}": one for i, one in enumerate(self.services.values(), start=1)}
        return {
            "version": 1,
            "title": title,
            "zones": self.zones,
            "conduits": conduits,
            "assets": self.assets,
            "services": services,
        }

    def _take_link(self, source: str, link: Branch, where: str) -> None:
        if not isinstance(link.value, dict) or "target" not in link.value:
            self._fault(link, where, "a link needs target, the id of a technical asset")
            return
        target = self._known(link.value["target"], self.asset_names, "technical asset", where)
        if target is None or target == source:
            return
        given = plain(link)
        said = str(given.get("protocol") or "").lower()
        protocol = _NO_NAME.sub("_", said).strip("_-")[:32] or "unknown"
        asked = AUTHENTICATIONS.get(str(given.get("authentication")), "none")
        service = self.services.setdefault(
            (target, protocol),
            {"asset": target, "protocol": protocol, "authentication": asked, "open_to": []},
        )
        if protocol in PORTS:
            service["port"] = PORTS[protocol]
        service["authentication"] = min(service["authentication"], asked, key=_WEAKEST.index)
        start, end = self.assets[source]["zone"], self.assets[target]["zone"]
        if start != end:
            self.conduits.setdefault((start, end), []).append(protocol)
            if start not in service["open_to"]:
                service["open_to"].append(start)

    def _name_of(self, given: Any, title: str, branch: Branch, taken: dict[str, str]) -> str | None:
        """Make a name of an id, and remember it; None if there is something wrong with it."""
        where = one_line(title, 60)
        if not isinstance(given, dict):
            self._fault(branch, where, "need a mapping (lines of key: value)")
            return None
        own_id = str(given.get("id", title))
        if own_id in taken:
            self._fault(branch, where, f"the id {one_line(own_id, 60)!r} is given twice; keep one")
            return None
        name = _NO_NAME.sub("_", own_id)[:_LONGEST_NAME]
        name = name if name[:1].isalpha() else f"n_{name}"
        unique, count = name, 1
        while unique in self.zones or unique in self.assets:
            count += 1
            unique = f"{name}_{count}"
        taken[own_id] = unique
        return unique

    def _known(self, item: Branch, names: dict[str, str], what: str, where: str) -> str | None:
        name = names.get(str(item.value))
        if name is None:
            shown = one_line(str(item.value), 60)
            hint = self.references.hint(shown, names, f"add the {what}")
            self._fault(item, where, f"there is no {what} of id {shown!r} ({hint})")
        return name

    def _outer_zone(self, wanted: str) -> str:
        title = "The internet" if wanted == _INTERNET else "Inside no trust boundary"
        name = wanted
        while name in self.zones and self.zones[name]["title"] != title:
            name += "_"
        untrusted = {"untrusted": True} if wanted == _INTERNET else {}
        self.zones.setdefault(name, {"title": title} | untrusted)
        return name

    def _fault(self, branch: Branch, where: str, message: str) -> None:
        self.faults.append(f"{branch.key_place or branch.place}: {where}: {message}")


_RATINGS = ("integrity", "availability")


def _entries(root: Branch, key: str, faults: list[str]) -> list[tuple[str, Branch]]:
    branch = root.value.get(key)
    if branch is None or branch.value is None:
        if key == "technical_assets":
            faults.append(f"{root.place}: {key}: needed, but missing; give a model of Threagile")
        return []
    if not isinstance(branch.value, dict):
        faults.append(f"{branch.place}: {key}: need a mapping (lines of name: ...)")
        return []
    return list(branch.value.items())


def _items(branch: Branch, key: str, where: str, faults: list[str]) -> Iterator[Branch]:
    listed = branch.value.get(key) if isinstance(branch.value, dict) else None
    if listed is None or listed.value is None:
        return
    if not isinstance(listed.value, list):
        faults.append(f"{listed.place}: {where}: need a list (lines of - id)")
        return
    for item in listed.value:
        if isinstance(item.value, str | int | float):
            yield item
        else:
            faults.append(f"{item.place}: {where}: need an id")

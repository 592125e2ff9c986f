"""Which controls act on a step: by its technique and by the places that it uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from otsim.architecture.attack_graph import ItemKind
from otsim.config.architecture.architecture import Architecture
from otsim.config.architecture.attack_techniques import Techniques, successor_of
from otsim.config.architecture.safeguards import Control

__all__ = ["Guarded", "Guards"]

_Place = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """Names of the controls that act on a step, in the order of the architecture."""

    prevented_by: tuple[str, ...] = ()
    noticed_by: tuple[str, ...] = ()
    answered_by: tuple[str, ...] = ()


@dataclass
class Guards:
    """Looks controls up by place and technique.

    A control's scope that names places acts there: a zone stands for the assets in it and in the
    zones that are part of it, an asset for its services. If the scope names techniques as well, it
    acts on those alone, with their sub-techniques. One that names techniques alone acts on them
    everywhere. The controls that a conduit names act on what passes it, as if their scope named it.
    """

    given: Architecture
    techniques: Techniques
    _by_place: dict[_Place, list[str]] = field(init=False, default_factory=dict)
    _everywhere: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._order = {name: i for i, name in enumerate(self.given.controls)}
        self._named = {
            name: frozenset(self._current(one) for one in control.scope.techniques)
            for name, control in self.given.controls.items()
        }
        for name, control in self.given.controls.items():
            places = [*_places(control), *self._conduits_naming(name)]
            for place in places:
                self._by_place.setdefault(place, []).append(name)
            if not places and control.scope.techniques:
                self._everywhere.append(name)
        self.on = lru_cache(maxsize=None)(self._on)
        self._zones = {name: tuple(self._with_parents(name)) for name in self.given.zones}

    def of_step(
        self, technique: str, items: Mapping[ItemKind, str], at: Iterable[ItemKind]
    ) -> Guarded:
        """Return the controls that act on a step.

        Args:
            technique: its ATT&CK id.
            items: names of what it uses, by kind.
            at: the kinds of items at which controls act on it.
        """
        places = tuple((kind, items[kind]) for kind in at if kind in items)
        return self.on(technique, places)

    def _on(self, technique: str, places: tuple[_Place, ...]) -> Guarded:
        found = dict.fromkeys(self._everywhere)
        for kind, name in places:
            for one in self._zones[name] if kind == "zone" else (name,):
                found |= dict.fromkeys(self._by_place.get((kind, one), ()))
        acting = [name for name in found if self._covers(name, technique)]
        acting.sort(key=self._order.__getitem__)
        by_type: dict[str, list[str]] = {"prevent": [], "detect": [], "respond": []}
        for name in acting:
            by_type[self.given.controls[name].type].append(name)
        return Guarded(
            prevented_by=tuple(by_type["prevent"]),
            noticed_by=tuple(by_type["detect"]),
            answered_by=tuple(by_type["respond"]),
        )

    def _covers(self, control: str, technique: str) -> bool:
        named = self._named[control]
        current = self._current(technique)
        return not named or current in named or current.partition(".")[0] in named

    def _current(self, technique: str) -> str:
        known = self.techniques.by_id.get(technique)
        return technique if known is None else successor_of(known, self.techniques).id

    def _conduits_naming(self, control: str) -> Iterator[_Place]:
        for name, conduit in self.given.conduits.items():
            if control in conduit.controls:
                yield "conduit", name

    def _with_parents(self, zone: str) -> Iterator[str]:
        one: str | None = zone
        while one is not None:
            yield one
            one = self.given.zones[one].parent


def _places(control: Control) -> Iterator[_Place]:
    scope = control.scope
    yield from (("zone", name) for name in scope.zones)
    yield from (("asset", name) for name in scope.assets)
    yield from (("conduit", name) for name in scope.conduits)
    yield from (("service", name) for name in scope.services)

"""What the study assumes: every number that decides the result, with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, RootModel

from otsim.config.attack_tree import Node
from otsim.config.plant_points import WATER_NETWORK
from otsim.config.study import Study

__all__ = ["Assumption", "Section", "assumptions"]

_HEADINGS = {
    "attackers": "Who attacks, and how often",
    "attack.tree": "The way in",
    "attack.architecture.people": "Who may be deceived",
    "attack.architecture.media": "What is carried in",
    "attack.architecture.vendor_access": "Remote access of suppliers",
    "attack.architecture.vulnerabilities": "Flaws of the network",
    "attack.architecture.controls": "Safeguards of the network",
    "attack.goals": "What is done to the plant",
    "defence": "Detection and response",
    "plant": "The plant",
    "loss": "What things cost",
    "uncertainty": "Ranges of the uncertain inputs",
}
# blocks that every study has, and that no water network asks
_IDLE_IN_NETWORKS = ("plant.disturbances", "plant.safety", "plant.rupture", "loss.destroyed")
_LARGE = 1e6
_DEFAULT = "otsim's default; `otsim schema study` says why"
_PROSE = frozenset({"title", "description", "source"})


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """One block of the study.

    Attributes:
        key: path of the block.
        title: its title; "" for none.
        values: what it states, `name value`, in the units of the study file.
        source: where it comes from; "" where the study names none.
    """

    key: str
    title: str
    values: tuple[str, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """The assumptions below one heading."""

    heading: str
    rows: tuple[Assumption, ...]

    @property
    def n_sourced(self) -> int:
        """How many of them name a source."""
        return sum(bool(row.source) for row in self.rows)


def assumptions(study: Study) -> tuple[Section, ...]:
    """Walk a study and collect each block that states something, under a heading a part."""
    architecture = study.attack.architecture
    sources = study.sources | ({} if architecture is None else architecture.sources)
    sections, idle = [], _IDLE_IN_NETWORKS if study.plant.model == WATER_NETWORK else ()
    for path, heading in _HEADINGS.items():
        value: Any = study
        for step in path.split("."):
            value = getattr(value, step, None)
        blocks = _blocks(path, value, sources, "")
        rows = tuple(row for row in blocks if not row.key.startswith(idle))
        if rows:
            sections.append(Section(heading=heading, rows=rows))
    return tuple(sections)


def _blocks(key: str, value: Any, sources: Mapping[str, str], near: str) -> Iterator[Assumption]:
    """Yield the block itself where it states something, then the blocks below it.

    `near` is the source of the block above: it holds below unless a block names its own.
    """
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _blocks(f"{key}.{name}", below, sources, near)
    elif isinstance(value, tuple | list):
        for index, below in enumerate(value):
            if isinstance(below, BaseModel):
                yield from _blocks(f"{key}[{index}]", below, sources, near)
    elif isinstance(value, BaseModel) and hasattr(type(value), "model_fields"):
        yield from _model(key, value, sources, near)


def _model(
    key: str, model: BaseModel, sources: Mapping[str, str], near: str
) -> Iterator[Assumption]:
    fields = [
        (name, getattr(model, name)) for name in type(model).model_fields if name not in _PROSE
    ]
    told = [(name, _brief(value)) for name, value in fields if _stated(model, name, value)]
    own = getattr(model, "source", None)
    source = sources.get(own, own) if own else near
    if not own and _is_default(model):
        source = _DEFAULT
    values = tuple(f"{name} {text}".strip() for name, text in told if text)
    if values:
        title = getattr(model, "title", None) or ""
        yield Assumption(key=key, title=title, values=values, source=source)
    for name, value in fields:
        if not _brief(value):
            yield from _blocks(f"{key}.{name}", value, sources, source if own else near)


def _is_default(model: BaseModel) -> bool:
    """Whether a block says nothing but what otsim says by itself."""
    if any(field.is_required() for field in type(model).model_fields.values()):
        return False
    return model == type(model)()


def _stated(model: BaseModel, name: str, value: Any) -> bool:
    """Leave out what is absent, and what a tree's gates carry only as a default."""
    if value is None or value in ((), [], {}):
        return False
    unset = name not in model.model_fields_set
    return not (unset and isinstance(model, Node) and name != "gate")


def _brief(value: Any) -> str:
    """A value as one short text; "" where it is a block of its own."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:,.6g}"
    if isinstance(value, str):
        return value if "\n" not in value else f"{len(value.splitlines()):,} lines of text"
    if isinstance(value, RootModel):
        return _brief(value.root)
    if isinstance(value, tuple | list):
        parts = [_brief(part) for part in value]
        return ", ".join(parts) if parts and all(parts) else ""
    if isinstance(value, Mapping):
        parts = [f"{name} {_brief(part)}" for name, part in value.items() if _brief(part)]
        return ", ".join(parts) if value and len(parts) == len(value) and _flat(value) else ""
    if isinstance(value, BaseModel) and not hasattr(value, "source"):
        return _distribution(value)
    return ""


def _flat(value: Mapping[str, Any]) -> bool:
    return all(isinstance(part, int | float | str) for part in value.values())


def _distribution(model: BaseModel) -> str:
    """A distribution or a set of numbers: `lognormal (median 6, p95 40)`."""
    parts = []
    for name in type(model).model_fields:
        value = getattr(model, name)
        if value is None:
            continue
        inside = _brief(value)
        if not inside:
            return ""
        parts.append(f"{name} ({inside})" if isinstance(value, BaseModel) else f"{name} {inside}")
    return ", ".join(parts)

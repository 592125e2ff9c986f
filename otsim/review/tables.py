"""The figures of a review as tables, the unit in each field: what the page shows, and more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from otsim.review.places import Places, place_of
from otsim.review.ranking import Priced
from otsim.review.results import Estimate, ReviewFigures
from otsim.review.weighed import ControlValue
from otsim.store.columns import Column, schema_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["review_tables"]

VERSION = "1.0.0"
_MONEY = "currency"  # replaced by the study's currency
Row = Mapping[str, Any]


def _text(name: str, description: str, *, nullable: bool = False) -> Column:
    return Column(name=name, type="string", unit="", description=description, nullable=nullable)


def _count(name: str, description: str, *, nullable: bool = False) -> Column:
    return Column(name=name, type="int64", unit="1", description=description, nullable=nullable)


def _flag(name: str, description: str) -> Column:
    return Column(name=name, type="bool", unit="1", description=description)


def _share(name: str, description: str, *, nullable: bool = False) -> Column:
    return Column(name=name, type="float64", unit="1", description=description, nullable=nullable)


def _amount(name: str, description: str, unit: str, *, nullable: bool = False) -> Column:
    return Column(name=name, type="float64", unit=unit, description=description, nullable=nullable)


def _estimate(name: str, what: str, unit: str, *, nullable: bool = False) -> tuple[Column, ...]:
    return (
        _amount(name, what, unit, nullable=nullable),
        _amount(f"{name}Low", f"lower end of its 95 % interval: {what}", unit, nullable=nullable),
        _amount(f"{name}High", f"upper end of its 95 % interval: {what}", unit, nullable=nullable),
    )


_YEARLY, _KIND, _NAME = f"{_MONEY}/a", "kind of item, or technique", "its name in the architecture"
_COLUMNS: dict[str, tuple[Column, ...]] = {
    "findings": (
        _text("Id", "stable id of the finding"),
        _text("Rule", "id of its rule"),
        _text("Sort", "mend, structure, measure or note"),
        _text("Title", "what to do, or what is so"),
        _text("Items", "kind:name of what it is about, separated by spaces"),
        _text("Evidence", "why it matters"),
        _text("Recommendation", "what to do about it"),
        _text("Mitigation", "ATT&CK mitigation that fits", nullable=True),
        *_estimate("AnnualLoss", "expected loss avoided if mended", _YEARLY, nullable=True),
        *_estimate("TailLoss", "tail loss avoided if mended", _MONEY, nullable=True),
        *_estimate("Damages", "campaigns that act avoided if mended", "1/a", nullable=True),
        _count("Rank", "rank by annual loss within its sort; ties share one", nullable=True),
        _count("TailRank", "rank by tail loss within its sort; ties share one", nullable=True),
        _count("Tied", "findings from which the rank cannot tell it apart"),
        _text("File", "where its first item stands", nullable=True),
        _count("Line", "line in that file", nullable=True),
    ),
    "effects": (
        _text("Kind", "what is changed: a kind of item, control added or removed, mending"),
        _text("Name", "of what is changed"),
        _text("Title", "in words"),
        *_estimate("AnnualLoss", "expected loss avoided; below 0: added", _YEARLY),
        *_estimate("TailLoss", "tail loss avoided; below 0: added", _MONEY),
        *_estimate("Damages", "campaigns that act on the plant avoided", "1/a"),
        _count("Relived", "twins simulated again for it"),
    ),
    "parts": (
        _text("Kind", _KIND),
        _text("Name", f"{_NAME}; (none): campaigns without such an item"),
        *_estimate("AnnualLoss", "part of the expected loss", _YEARLY),
        _amount("TailLoss", "part of the tail loss", _MONEY),
        _share("OnWay", "share of the damaging campaigns whose way uses it"),
        _share("Birnbaum", "probability of damage with it less without it", nullable=True),
        _share("Raw", "probability of damage with it over that of now", nullable=True),
    ),
    "ways": (
        _count("Way", "1 is the most frequent"),
        _text("Goal", "the study's goal"),
        _count("Step", "order of the steps within a way"),
        _text("Leaf", "the attack step"),
        _text("Title", "what the attacker does"),
        _share("Share", "of the damaging campaigns"),
        _amount("AnnualLoss", "expected loss of the campaigns that go this way", _YEARLY),
        _amount("MedianDays", "days from the beginning to the goal, median", "d"),
    ),
    "controls": (
        _text("Name", _NAME),
        _text("Type", "prevent, detect or respond"),
        _flag("InPlace", "whether it is there now"),
        _amount("Cost", "cost", _YEARLY),
        *_estimate("Avoids", "expected loss that it avoids or would avoid", _YEARLY),
        *_estimate("AvoidsInTail", "tail loss that it avoids or would avoid", _MONEY),
    ),
    "options": (
        _text("Controls", "those in place, separated by spaces"),
        _amount("Cost", "what they cost", _YEARLY),
        *_estimate("AnnualLoss", "expected loss with them", _YEARLY),
        _flag("Best", "whether no cheaper set has a lower loss"),
    ),
    "shares": (
        _text("Name", "the change"),
        *_estimate("AnnualLoss", "its fair share (Shapley) of what all avoid", _YEARLY),
    ),
    "inputs": (
        _text("Input", "an uncertain input of the study"),
        _share("First", "first-order Sobol index"),
        _share("Total", "total Sobol index"),
    ),
}


def review_tables(
    findings: Sequence[Priced],
    figures: ReviewFigures,
    *,
    controls: Sequence[ControlValue],
    step_titles: Mapping[str, str],
    places: Places,
) -> dict[str, pa.Table]:
    """Return the tables of a review by name.

    Args:
        findings: ranked.
        figures: of the review.
        controls: what each buys.
        step_titles: what the attacker does, by attack step.
        places: of items.
    """
    rows: dict[str, Iterable[Row]] = {
        "findings": (_finding(one, places) for one in findings),
        "effects": _effects(figures),
        "parts": _parts(figures),
        "ways": _ways(figures, step_titles),
        "controls": (_control(one) for one in controls),
        "options": _options(figures),
        "shares": (
            {"Name": name, **_told("AnnualLoss", share)} for name, share in figures.shapley.items()
        ),
        "inputs": (
            {"Input": name, "First": first, "Total": total}
            for name, (first, total) in figures.sobol.items()
        ),
    }
    return {name: _table(name, list(given), figures.currency) for name, given in rows.items()}


def _table(name: str, rows: Sequence[Row], currency: str) -> pa.Table:
    columns = [
        Column(
            name=one.name,
            type=one.type,
            unit=one.unit.replace(_MONEY, currency),
            description=one.description,
            nullable=one.nullable,
        )
        for one in _COLUMNS[name]
    ]
    schema = schema_of(f"review-{name}", VERSION, columns)
    return table_of(schema, {field: [row[field] for row in rows] for field in schema.names})


def _told(name: str, estimate: Estimate | None) -> Row:
    if estimate is None:
        return {name: None, f"{name}Low": None, f"{name}High": None}
    return {name: estimate.value, f"{name}Low": estimate.low, f"{name}High": estimate.high}


def _finding(one: Priced, places: Places) -> Row:
    finding, place = one.finding, place_of(one.finding, places)
    return {
        "Id": finding.id,
        "Rule": finding.kind.id,
        "Sort": finding.kind.sort,
        "Title": finding.title,
        "Items": " ".join(f"{item.kind}:{item.name}" for item in finding.items),
        "Evidence": finding.evidence,
        "Recommendation": finding.recommendation,
        "Mitigation": finding.kind.mitigation,
        **_told("AnnualLoss", one.annual_loss),
        **_told("TailLoss", one.tail_loss),
        **_told("Damages", one.damage_per_year),
        "Rank": one.rank,
        "TailRank": one.tail_rank,
        "Tied": one.n_tied,
        "File": None if place is None else place.file,
        "Line": place.line if place is not None and place.line else None,
    }


def _effects(figures: ReviewFigures) -> Iterator[Row]:
    for effect in figures.effects:
        yield {
            "Kind": effect.change.kind,
            "Name": effect.change.name,
            "Title": effect.change.title,
            **_told("AnnualLoss", effect.annual_loss),
            **_told("TailLoss", effect.tail_loss),
            **_told("Damages", effect.damage_per_year),
            "Relived": effect.n_relived,
        }


def _parts(figures: ReviewFigures) -> Iterator[Row]:
    for part in figures.parts:
        yield {
            "Kind": part.kind,
            "Name": part.name,
            **_told("AnnualLoss", part.annual_loss),
            "TailLoss": part.tail_loss,
            "OnWay": part.on_way,
            "Birnbaum": part.birnbaum,
            "Raw": part.raw,
        }


def _ways(figures: ReviewFigures, titles: Mapping[str, str]) -> Iterator[Row]:
    for number, way in enumerate(figures.ways, 1):
        for order, leaf in enumerate(way.steps, 1):
            yield {
                "Way": number,
                "Goal": way.goal,
                "Step": order,
                "Leaf": leaf,
                "Title": titles.get(leaf, leaf),
                "Share": way.share,
                "AnnualLoss": way.annual_loss,
                "MedianDays": way.median_d,
            }


def _control(one: ControlValue) -> Row:
    return {
        "Name": one.name,
        "Type": one.type,
        "InPlace": one.in_place,
        "Cost": one.cost_per_year,
        **_told("Avoids", one.avoids),
        **_told("AvoidsInTail", one.avoids_in_tail),
    }


def _options(figures: ReviewFigures) -> Iterator[Row]:
    for option in figures.options:
        yield {
            "Controls": " ".join(option.controls),
            "Cost": option.cost_per_year,
            **_told("AnnualLoss", option.annual_loss),
            "Best": option.best,
        }

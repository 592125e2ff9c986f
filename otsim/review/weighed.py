"""Findings that only the figures show: ways, controls and their price, goals out of reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from otsim.report.wording import capital, money, number, percent
from otsim.review.findings import Finding, FindingKind, Item
from otsim.review.ranking import Priced, unseen_loss, widened
from otsim.review.results import Effect, Estimate, ReviewFigures, Way
from otsim.review.reviewed_network import ReviewedNetwork

__all__ = ["KINDS", "ControlValue", "control_values", "weighed_findings"]

LIKELIEST = FindingKind(
    id="OTS-LIKELIEST-WAY",
    name="Most likely way",
    help="The way that most of the campaigns that reach the plant go.",
    sort="note",
    level="note",
)
SHORTEST = FindingKind(
    id="OTS-SHORTEST-WAY",
    name="Shortest way",
    help="The way with the least median time from its beginning to the goal, of the ways listed.",
    sort="note",
    level="note",
)
PAYS = FindingKind(
    id="OTS-CONTROL-PAYS",
    name="Control that pays",
    help="A control that is not in place would avoid more than it costs, error included.",
    sort="measure",
    level="note",
)
BUYS_LITTLE = FindingKind(
    id="OTS-CONTROL-BUYS-LITTLE",
    name="Control that buys little",
    help="A control in place avoids less than it costs, error included.",
    sort="measure",
    level="note",
)
COSTS_MORE = FindingKind(
    id="OTS-RESPONSE-COSTS-MORE",
    name="Response that costs more than it avoids",
    help="Detection or response raises the expected loss: the responses that it sets off cost more "
    "than the attacks that they end.",
    sort="measure",
    level="warning",
)
OUT_OF_REACH = FindingKind(
    id="OTS-GOAL-OUT-OF-REACH",
    name="Goal out of reach",
    help="No way leads to a goal, in any world.",
    sort="note",
    level="note",
)
KINDS = (LIKELIEST, SHORTEST, PAYS, BUYS_LITTLE, COSTS_MORE, OUT_OF_REACH)


@dataclass(frozen=True, kw_only=True)
class ControlValue:
    """What one control buys.

    Attributes:
        name, title: of the control.
        type: prevent, detect or respond.
        in_place: whether it stands now.
        cost_per_year: currency.
        avoids, avoids_in_tail: loss that it avoids now, or would avoid, as `Figures`.
        raises: whether it raised the loss of the sampled campaigns, error included.
    """

    name: str
    title: str
    type: str
    in_place: bool
    cost_per_year: float
    avoids: Estimate
    avoids_in_tail: Estimate
    raises: bool

    @property
    def per_cost(self) -> float | None:
        """Loss avoided for each unit of cost; None for one that is free."""
        return self.avoids.value / self.cost_per_year if self.cost_per_year > 0.0 else None


def control_values(network: ReviewedNetwork, figures: ReviewFigures) -> list[ControlValue]:
    """Return what each control buys, the largest gain over its cost first.

    The upper ends of intervals allow for campaigns that were not sampled (`unseen_loss`).
    """
    unseen = unseen_loss(figures, network.study.loss.plant_value)
    found = [
        _control_value(network, effect, unseen, unseen * figures.return_period)
        for effect in figures.effects
        if effect.change.kind in ("control added", "control removed")
    ]
    return sorted(found, key=lambda one: one.cost_per_year - one.avoids.value)


def _control_value(
    network: ReviewedNetwork, effect: Effect, unseen: float, unseen_in_tail: float
) -> ControlValue:
    name, in_place = effect.change.name, effect.change.kind == "control removed"
    control = network.given.controls[name]
    turned = _turned if in_place else _same
    return ControlValue(
        name=name,
        title=control.title or name.replace("_", " "),
        type=control.type,
        in_place=in_place,
        cost_per_year=control.cost_per_year,
        avoids=widened(turned(effect.annual_loss), unseen),
        avoids_in_tail=widened(turned(effect.tail_loss), unseen_in_tail),
        raises=turned(effect.annual_loss).high < 0.0,
    )


def _turned(estimate: Estimate) -> Estimate:
    """What taking away adds is what having it avoids."""
    return Estimate(value=-estimate.value + 0.0, low=-estimate.high + 0.0, high=-estimate.low + 0.0)


def _same(estimate: Estimate) -> Estimate:
    return estimate


def weighed_findings(network: ReviewedNetwork, figures: ReviewFigures) -> Iterator[Priced]:
    """Find what the figures show."""
    for value in control_values(network, figures):
        yield from _of_control(value, figures)
    yield from _of_ways(network, figures)
    for goal in figures.out_of_reach:
        yield Priced(finding=_out_of_reach(network, goal))


def _of_control(value: ControlValue, figures: ReviewFigures) -> Iterator[Priced]:
    avoids = value.avoids
    if value.type != "prevent" and value.raises:
        kind, evidence = COSTS_MORE, _costs_more(value, figures)
        advice = "Make responses cheaper or rarer (fewer false or late ones), or do without it."
    elif not value.in_place and avoids.low > value.cost_per_year:
        kind, evidence = PAYS, _against_cost(value, figures)
        advice = "Put it in place."
    elif value.in_place and avoids.high < value.cost_per_year:
        kind, evidence = BUYS_LITTLE, _against_cost(value, figures)
        advice = "Spend the money where it avoids more, unless it serves something else."
    else:
        return
    words = {PAYS: "pays for itself", BUYS_LITTLE: "avoids less than it costs",
             COSTS_MORE: "costs more in responses than it avoids"}[kind]  # fmt: skip
    yield Priced(
        finding=Finding(
            kind=kind,
            name=value.name,
            title=f"{capital(value.title)} {words}",
            items=(Item(kind="control", name=value.name),),
            evidence=evidence,
            recommendation=advice,
        ),
        annual_loss=avoids,
        tail_loss=value.avoids_in_tail,
    )


def _against_cost(value: ControlValue, figures: ReviewFigures) -> str:
    does = "avoids" if value.in_place else "would avoid"
    return (
        f"It {does} {money(value.avoids.value, figures.currency)} a year and costs "
        f"{money(value.cost_per_year, figures.currency)}."
    )


def _costs_more(value: ControlValue, figures: ReviewFigures) -> str:
    does = "raises" if value.in_place else "would raise"
    return (
        f"It {does} the expected loss by {money(-value.avoids.value, figures.currency)} a year, "
        "before its own cost: an honest response costs more than the attack that it ends."
    )


def _of_ways(network: ReviewedNetwork, figures: ReviewFigures) -> Iterator[Priced]:
    if figures.ways:
        yield Priced(finding=_way(network, figures, LIKELIEST, figures.ways[0]))
        shortest = min(figures.ways, key=lambda way: way.median_d)
        yield Priced(finding=_way(network, figures, SHORTEST, shortest))


def _way(network: ReviewedNetwork, figures: ReviewFigures, kind: FindingKind, way: Way) -> Finding:
    steps = network.graph.steps
    assets = dict.fromkeys(
        steps[leaf].items["asset"]
        for leaf in way.steps
        if leaf in steps and "asset" in steps[leaf].items
    )
    told = "; ".join(network.step_title(leaf) for leaf in way.steps)
    return Finding(
        kind=kind,
        name=way.goal,
        title=f"{kind.name}: {len(way.steps)} steps to “{network.goal_title(way.goal)}”, "
        f"median {number(way.median_d, 2)} days",
        items=tuple(Item(kind="asset", name=asset) for asset in assets),
        evidence=f"{percent(way.share)} of the campaigns that act go it, at "
        f"{money(way.annual_loss, figures.currency)} a year: {told}.",
        recommendation="",
    )


def _out_of_reach(network: ReviewedNetwork, goal: str) -> Finding:
    return Finding(
        kind=OUT_OF_REACH,
        name=goal,
        title=f"“{network.goal_title(goal)}” is out of reach",
        items=(Item(kind="goal", name=goal),),
        evidence="No way leads to it, whatever the attacker's skill and luck.",
        recommendation="",
    )

"""`otsim tree`: exact answers about one attack tree."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from otsim.cli.options import json_option

if TYPE_CHECKING:
    from otsim.attack.exact import MeasuredTree

__all__ = ["tree"]

SKILLS = ("novice", "beginner", "intermediate", "expert")


@click.command()
@click.argument("tree_file", metavar="FILE", type=click.Path(allow_dash=True))
@click.option("--metric", metavar="NAME", help="What to answer. Default: list what can be.")
@click.option("--node", metavar="NODE", help="Node that is asked about. Default: every root.")
@click.option(
    "--at",
    type=float,
    multiple=True,
    help="Time (hours), probability or budget at which a metric is asked; may be repeated.",
)
@click.option(
    "--skill",
    type=click.Choice(SKILLS),
    default="intermediate",
    show_default=True,
    help="Whose probabilities are taken.",
)
@json_option
def tree(
    tree_file: str,
    metric: str | None,
    node: str | None,
    at: tuple[float, ...],
    skill: str,
    as_json: bool,
) -> None:
    """Answer one question about an attack tree exactly, or list what can be asked.

    The tree stands alone: no campaign, no budget, no response. FILE is a tree as studies name it,
    or a reference case in JSON, in whose own units the answers are.

    Example: otsim tree configs/attack_trees/te_insider.yaml --metric time_quantile --at 0.5
    """
    from otsim.attack.exact import read_tree

    found = read_tree(tree_file, skill=skill)  # type: ignore[arg-type]  # click checks the choice
    if metric is None:
        _list_metrics(found, tree_file, as_json=as_json)
    else:
        _answer(found, metric, node, at, as_json=as_json)


def _answer(
    found: MeasuredTree, metric: str, node: str | None, at: Sequence[float], *, as_json: bool
) -> None:
    from otsim.attack.exact import answer

    nodes = found.shape.root_names if node is None else (node,)
    answers = {name: answer(found, metric, node=name, at=at) for name in nodes}
    if as_json:
        told = {"metric": metric, "at": list(at), "nodes": _plain(answers)}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    width = max(map(len, answers))
    for name, value in answers.items():
        if isinstance(value, dict) or (isinstance(value, list) and not at):
            click.echo(f"{name}: {metric}")
            for line in _lines(value):
                click.echo(f"  {line}")
        else:
            click.echo(f"{name:<{width}}  {_value(value)}")


def _list_metrics(found: MeasuredTree, file: str, *, as_json: bool) -> None:
    from otsim.attack.exact import METRICS, what_is_missing

    missing = {name: what_is_missing(found, each) for name, each in METRICS.items()}
    roots = found.shape.root_names
    if as_json:
        metrics = [
            {
                "name": name,
                "about": each.about,
                "at": each.at or None,
                "needs": missing[name] or None,
            }
            for name, each in METRICS.items()
        ]
        told = {"file": file, "nodes": len(found.shape.nodes), "leaves": len(found.leaves),
                "roots": list(roots), "metrics": metrics}  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(
        f"{click.format_filename(file)}: {len(found.shape.nodes)} nodes, {len(found.leaves)} leaves"
    )
    click.echo(f"Roots: {', '.join(roots)}\n\nMetrics")
    width = max(map(len, METRICS))
    for name, each in METRICS.items():
        if not missing[name]:
            asked = f" (--at {each.at.upper()})" if each.at else ""
            click.echo(f"  {name:<{width}}  {each.about}{asked}")
    lacking = sorted({words for words in missing.values() if words})
    if lacking:
        click.echo(f"\nMore with: {'; '.join(lacking)}")
    click.echo(f"\nNext: otsim tree {click.format_filename(file)} --metric prob_success")


def _lines(value: Any) -> list[str]:
    """Return the lines of a table: a leaf and its number, or a point and its attack, each."""
    if isinstance(value, dict):
        width = max(map(len, value), default=0)
        return [f"{name:<{width}}  {_value(number)}" for name, number in value.items()]
    rows = [("cost", "damage", "attack")]
    rows += [
        (_value(each["cost"]), _value(each["damage"]), " ".join(each["attack"])) for each in value
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    return [f"{row[0]:>{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]}".rstrip() for row in rows]


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "  ".join(_value(each) for each in value)
    return f"{value:.10g}"


def _plain(value: Any) -> Any:
    """Return data for JSON, in which a number that is not finite is text."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)

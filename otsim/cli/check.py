"""`otsim check`: is a study sound, and what will it simulate?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from otsim.cli.options import json_option, set_option, study_argument

if TYPE_CHECKING:
    from otsim.config.distributions import DistributionBase
    from otsim.config.study import Study


@click.command()
@study_argument
@set_option
@json_option
def check(study_file: str, overrides: tuple[str, ...], as_json: bool) -> None:
    """Check a study and say what it will simulate.

    Prints every fault as file:line:col: where: what; what to do, and writes nothing.

    Example: otsim check study.yaml -s simulation.twins=256
    """
    from otsim.attack.joined_graph import graph_problems
    from otsim.config import read_study
    from otsim.config.yaml_lines import one_line

    study = read_study(study_file, overrides, also=graph_problems)
    if as_json:
        click.echo(json.dumps(summary(study, study_file), ensure_ascii=False))
        return
    click.echo(f"{click.format_filename(study_file)}: sound\n\n{one_line(study.title)}\n")
    for name, text in _lines(study):
        click.echo(f"  {name:<11}{text}")
    if study_file != "-":
        click.echo(f"\nNext: otsim run {click.format_filename(study_file)} --out runs/NAME")


def summary(study: Study, file: str) -> dict[str, Any]:
    """Return the size of a study in numbers."""
    from otsim.attack.joined_graph import joined_graph

    tree, simulation = joined_graph(study).tree, study.simulation
    return {
        "file": file,
        "sound": True,
        "title": study.title,
        "plant": study.plant.model,
        "horizon_h": study.plant.horizon_h,
        "nodes": len(tree.nodes),
        "steps": sum(node.gate == "LEAF" for node in tree.nodes.values()),
        "entries": len(tree.entry_names),
        "goals": list(study.attack.goals),
        "actions": sum(len(goal.actions) for goal in study.attack.goals.values()),
        "profiles": {name: one.share for name, one in study.attackers.profiles.items()},
        "per_year": study.attackers.frequency.per_year,
        "count": study.attackers.frequency.count,
        "twins": simulation.twins,
        "shards": -(-simulation.twins // simulation.shard_size),
        "seed": simulation.seed,
        "precision": simulation.precision,
    }


def _lines(study: Study) -> list[tuple[str, str]]:
    size = summary(study, "")
    goals = ", ".join(size["goals"])
    profiles = ", ".join(f"{name} {100 * share:.3g} %" for name, share in size["profiles"].items())
    frequency, plant, loss = study.attackers.frequency, study.plant, study.loss
    spread = frequency.distribution.replace("_", " ")
    shards = _count(size["shards"], "shard")
    return [
        ("plant", _plant_words(study)),
        (
            "tree" if study.attack.architecture is None else "graph",
            f"{_count(size['nodes'], 'node')}: {_count(size['steps'], 'attack step')}, "
            f"of them {_count(size['entries'], 'way')} in",
        ),
        ("goals", f"{goals} ({_count(size['actions'], 'plant action')})"),
        ("profiles", profiles),
        ("rate", f"{frequency.per_year:g} {frequency.count} a year, {spread}"),
        ("defence", _defence(study)),
        (
            "loss",
            f"{loss.currency} of {loss.price_year}, at most {loss.plant_value:,.0f}; "
            f"{_count(len(loss.fragility), 'kind')} of damage short of destruction",
        ),
        (
            "simulation",
            f"{_count(size['twins'], 'twin')} of up to {plant.horizon_h:g} h from the first plant "
            f"action, in {shards}; {size['precision']}, seed {size['seed']}",
        ),
    ]


def _plant_words(study: Study) -> str:
    plant = study.plant
    if plant.inp is None:
        return f"{plant.model}, {plant.integration} steps"
    from otsim.config.epanet import parse_network

    network = parse_network(plant.inp, "plant.inp")
    return (
        f"{plant.model}: {_count(len(network.junctions), 'junction')}, "
        f"{_count(len(network.links), 'link')}, {_count(len(network.tanks), 'tank')}, "
        f"{_count(len(network.controls) + len(network.rules), 'control')}"
    )


def _defence(study: Study) -> str:
    response, operators = study.defence.response, study.defence.operators
    parts = []
    if response is not None and response.probability > 0.0:
        action = response.action.replace("_", " ")
        parts.append(f"response ({action}) {_on_average(response.delay_h)} h after detection")
    architecture = study.attack.architecture
    controls = () if architecture is None else architecture.controls.values()
    in_place = [control.type for control in controls if control.in_place]
    for kind in ("prevent", "detect", "respond"):
        number = in_place.count(kind)
        if number:
            parts.append(f"{_count(number, 'control')} {kind}{'s' if number == 1 else ''}")
    if operators is not None:
        parts.append(f"operators act {_on_average(operators.reaction_min)} min after an alarm")
    return "; ".join(parts) or "nobody responds"


def _on_average(duration: DistributionBase) -> str:
    return f"on average {duration.mean:.3g}"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")

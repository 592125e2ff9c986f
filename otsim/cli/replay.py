"""`otsim replay`: the very same twin of a run again, recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otsim.cli.options import RunPlace, json_option
from otsim.cli.simulate import check_record_file
from otsim.cli.time_steps import TimeStep

if TYPE_CHECKING:
    from otsim.recorded import Replay
    from otsim.store import AttackSpan

__all__ = ["replay"]


@click.command()
@click.argument("run_folder", metavar="RUN", type=RunPlace())
@click.option("--twin", type=int, required=True, help="Number of the twin, from 0.")
@click.option("--every", metavar="TIME", type=TimeStep(), default=60, show_default="60s",
              help="Between rows: 60s, 3min, 0.05h.")  # fmt: skip
@click.option("--out", metavar="FILE.parquet", type=click.Path(path_type=Path),
              help="Where the record goes. Default: RUN/replay/twin-N.parquet.")  # fmt: skip
@json_option
def replay(run_folder: Path, twin: int, every: int, out: Path | None, as_json: bool) -> None:
    """Live one twin of a run again, and record it as Parquet with a plot.

    Everything that the run stored of the twin is computed again and compared, bit for bit.

    Example: otsim replay runs/te --twin 17
    """
    if out is not None:
        check_record_file(out)
    from otsim.cli.interrupts import prompt_interrupts
    from otsim.simulate.cpu_settings import prepare_cpu

    prepare_cpu()
    from otsim.recorded import REPLAY_FOLDER, replay_twin, write_replay

    with prompt_interrupts(as_json=as_json):
        found = replay_twin(run_folder, twin, every_s=every)
    written: dict[str, str | None] = {"out": None, "plot": None}
    if found.table is not None:
        file = out or run_folder / REPLAY_FOLDER / f"twin-{twin}.parquet"
        written = {"plot": str(write_replay(found, file)), "out": str(file)}
    if as_json:
        click.echo(json.dumps(_object(found) | written, ensure_ascii=False))
        return
    for line in _lines(found):
        click.echo(line)
    if found.table is None:
        click.echo("The campaign never touched the plant: there is nothing to record.")
        return
    click.echo(f"Record: {click.format_filename(written['out'] or '')}")
    click.echo(f"Plot:   {click.format_filename(written['plot'] or '')}")


def _object(found: Replay) -> dict[str, Any]:
    """Return the event row, what was done when, and that both are the same."""
    story = found.story
    attacks = [] if story is None else [asdict(attack) for attack in story.attacks]
    return {
        "event": found.row, "same_as_stored": True, "columns_compared": len(found.row),
        "lead_h": found.lead_h, "actions": attacks,
        "rows": 0 if found.table is None else found.table.num_rows,
    }  # fmt: skip


def _lines(found: Replay) -> Iterator[str]:
    row, currency = found.row, found.study.loss.currency
    entry = f", in through {row['entry']}" if row["entry"] else ""
    yield f"Twin {row['twin_id']}: {row['profile']} wants {row['goal']}{entry}"
    if found.story is not None:
        yield "What was done, in hours from the first plant action:"
        first = sorted(found.story.attacks, key=lambda attack: attack.start_h)
        yield from (_action(attack, found.lead_h) for attack in first)
    end = "" if row["end_h"] is None else f" after {row['end_h']:.4f} h"
    cause = f": {row['cause']}" if row["cause"] else ""
    yield f"How it ended: {row['status'].replace('_', ' ')}{end}{cause}"
    if row["loss"] is not None:
        yield f"Loss: {row['loss']:,.0f} {currency}, {row['downtime_h']:,.1f} h down"
    yield f"Same as stored: all {len(row)} columns of its event row, bit for bit"


def _action(attack: AttackSpan, lead_h: float) -> str:
    value = "" if attack.value is None else f" {attack.value:.4g}"
    end = "" if attack.stop_h is None else f" until {attack.stop_h - lead_h:.4f}"
    return f"  {attack.start_h - lead_h:.4f}{end}: {attack.kind} {attack.target}{value}"

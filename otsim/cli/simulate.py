"""`otsim simulate`: one plant under given actions, no campaign."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from otsim.cli.options import json_option
from otsim.cli.time_steps import Hours, TimeStep
from otsim.errors import GateError

if TYPE_CHECKING:
    from otsim.simulate.recording import Recording
    from otsim.simulate.scripted import Script

__all__ = ["simulate"]

_SUFFIX = ".parquet"


@click.command()
@click.argument("plant")
@click.option(
    "--actions", "actions_file", metavar="FILE", type=click.Path(allow_dash=True),
    help="YAML or JSON list of plant actions, in plant time. Default: nobody touches the plant.",
)  # fmt: skip
@click.option("--hours", metavar="H", type=Hours(), required=True, help="How long it lives.")
@click.option("--every", metavar="TIME", type=TimeStep(), default=180, show_default="180s",
              help="Between rows: 180s, 3min, 0.05h.")  # fmt: skip
@click.option("--noise", type=click.Choice(["on", "off"]), default="on", show_default=True,
              help="Measurement noise.")  # fmt: skip
@click.option(
    "--integration", type=click.Choice(["converged", "reference"]), default="converged",
    show_default=True, help="Accurate steps, or the public program's 1-s Euler steps.",
)  # fmt: skip
@click.option("--precision", type=click.Choice(["float64", "float32"]), default="float64",
              show_default=True, help="Floating-point numbers.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0, max=2**63 - 1), default=1, show_default=True,
              help="Seed of the noise.")  # fmt: skip
@click.option("--out", metavar="FILE.parquet", type=click.Path(path_type=Path), required=True,
              help="Where the record goes.")  # fmt: skip
@json_option
def simulate(  # noqa: PLR0913 - one parameter an option
    plant: str, actions_file: str | None, hours: float, every: int, noise: str,
    integration: Literal["converged", "reference"], precision: str, seed: int, out: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Simulate one PLANT from its nominal state under given actions, and record it.

    The record holds time_h, then xmeas_N (true) and xmeas_N_seen (as the controllers read it),
    xmv_N (as they command) and xmv_N_received, and sp_N. Prints when and why the plant tripped.

    An action file is a list such as [{kind: override, target: XMV10, value: 0, start_h: 8}].

    Example: otsim simulate tennessee_eastman --actions actions.yaml --hours 48 --out twin.parquet
    """
    _check_plant(plant)
    check_record_file(out)
    if every > hours * 3600.0:
        raise click.UsageError(
            f"--every {every}s is longer than the run of {hours:g} h; choose a shorter one"
        )
    from otsim.cli.interrupts import prompt_interrupts
    from otsim.config import read_actions
    from otsim.simulate.cpu_settings import prepare_cpu

    actions = read_actions(actions_file, plant) if actions_file is not None else ()
    prepare_cpu()
    from otsim.simulate.scripted import Script, live_script

    script = Script(
        plant=plant, actions=actions, hours=hours, every_s=every, noise=noise == "on",
        integration=integration, precision=precision, seed=seed,
    )  # fmt: skip
    with prompt_interrupts(as_json=as_json):
        recording = live_script(script)
    _write(script, recording, out)
    if recording.status == "diverged":
        raise GateError(
            f"{click.format_filename(out)}: the numbers failed at "
            f"{recording.end_tick / 3600.0:.4f} h, where the record ends; "
            "give other actions or the converged integration"
        )
    _tell(recording, out, as_json=as_json)


def check_record_file(out: Path) -> None:
    """Refuse a name that the record of a twin cannot have, before anything is computed."""
    name = click.format_filename(out)
    if out.suffix != _SUFFIX:
        raise click.UsageError(f"--out {name}: is not named .parquet; name it so")
    if not out.parent.is_dir():
        folder = click.format_filename(out.parent)
        raise click.UsageError(f"--out {name}: there is no folder {folder}; make it first")
    if out.is_dir():
        raise click.UsageError(f"--out {name}: is a folder; choose another name")


def _check_plant(plant: str) -> None:
    from otsim.config import PLANT_POINTS
    from otsim.config.plant_points import WATER_NETWORK
    from otsim.config.problems import did_you_mean
    from otsim.config.yaml_lines import one_line

    if plant == WATER_NETWORK:
        raise click.UsageError(
            "a water network is simulated by its study: otsim run, and otsim replay for one twin"
        )
    if plant not in PLANT_POINTS:
        hint = did_you_mean(plant, PLANT_POINTS)
        raise click.UsageError(f"there is no plant {one_line(repr(plant))} ({hint})")


def _write(script: Script, recording: Recording, out: Path) -> None:
    from otsim.recorded import scripted_table
    from otsim.store.commit import commit_bytes
    from otsim.store.parquet_files import parquet_bytes

    commit_bytes(out, parquet_bytes(scripted_table(script, recording)))


def _tell(recording: Recording, out: Path, *, as_json: bool) -> None:
    ended = recording.status != "horizon"
    told: dict[str, Any] = {
        "status": recording.status,
        "cause": recording.cause or None,
        "trip_h": recording.end_tick / 3600.0 if recording.status == "tripped" else None,
        "end_h": recording.end_tick / 3600.0,
        "end_tick": recording.end_tick,
        "rows": len(recording.tick),
        "out": str(out),
    }
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    words = recording.status if ended else "no trip"
    when = f"{'at' if ended else 'within'} {told['end_h']:.4f} h"
    click.echo(f"{words.capitalize()} {when}" + (f": {recording.cause}" if ended else ""))
    click.echo(f"{told['rows']:,} rows: {click.format_filename(out)}")

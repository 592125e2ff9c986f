"""`otsim runs`: what was run, with which study and result, and how two runs differ."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otsim.cli.options import json_option
from otsim.cli.text_table import aligned
from otsim.errors import OtsimError

if TYPE_CHECKING:
    from otsim.runs import Figure, RunSummary

__all__ = ["runs"]

_SHOWN = ("eal", "var_0.99", "cvar_0.99")


@click.group()
def runs() -> None:
    """List, show and compare the runs that this user has made.

    `otsim run` enters each run into an index. The index is a cache: rebuild makes it again.

    Example: otsim runs list
    """


@runs.command("list")
@json_option
def list_runs(as_json: bool) -> None:
    """List all runs, the last one started first.

    Example: otsim runs list
    """
    from otsim.runs import RunIndex, index_file

    found = RunIndex(file=index_file()).runs()
    if as_json:
        click.echo(json.dumps({"runs": [_object(run) for run in found]}, ensure_ascii=False))
        return
    if not found:
        click.echo("No runs are known. Next: otsim runs rebuild FOLDER, with a folder of runs")
        return
    head = ("Run", "State", "Twins", "Annual loss", "VaR 99 %", "CVaR 99 %", "Diverged", "Folder")
    for line in aligned([head, *map(_cells, found)], right=range(2, 7)):
        click.echo(line)


@runs.command("show")
@click.argument("run")
@json_option
def show(run: str, as_json: bool) -> None:
    """Show one run: its study, versions and every figure. RUN is a folder or a run id.

    Example: otsim runs show runs/te
    """
    found = _find(run)
    if as_json:
        click.echo(json.dumps(_object(found) | {"study": found.study}, ensure_ascii=False))
        return
    status, known = found.status, found.versions
    click.echo(f"{found.title}\n")
    told = {
        "Folder": str(found.path), "Run": status.run_id, "State": status.state,
        "Twins": f"{status.twins_done:,} of {status.twins:,}, {status.diverged:,} diverged",
        "Plant": found.plant, "Seed": f"{found.seed}", "Precision": found.precision,
        "Computed by": f"otsim {known['otsim']}, jax {known['jax']}, {found.device}",
        "Started": status.started_utc,
    }  # fmt: skip
    for line in aligned(list(told.items())):
        click.echo(line)
    if found.figures:
        click.echo("")
        rows = [(figure.name, *map(_number, _values(figure))) for figure in found.figures]
        head = ("Figure", "Value", "Error", "From", "To")
        for line in aligned([head, *rows], right=range(1, 5)):
            click.echo(line)


@runs.command("diff")
@click.argument("first")
@click.argument("second")
@json_option
def diff(first: str, second: str, as_json: bool) -> None:
    """Say what differs between two runs: keys of the study, versions, figures.

    FIRST and SECOND are folders or run ids. Whether a difference of figures is more than chance is
    for otsim compare to say.

    Example: otsim runs diff runs/te runs/faster_response
    """
    from otsim.runs.differences import run_differences, shared_figures

    one, other = _find(first), _find(second)
    keys, figures = run_differences(one, other), shared_figures(one, other)
    if as_json:
        told = {
            "keys": [asdict(key) for key in keys],
            "figures": [asdict(pair) for pair in figures],
        }
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    if not keys:
        click.echo("Same study, same versions.")
    rows = [(key.key, _text(key.first), _text(key.second)) for key in keys]
    for line in aligned([("Key", "First", "Second"), *rows] if rows else []):
        click.echo(line)
    click.echo("")
    cells = [
        (pair.name, *(_number(of.value if of else None) for of in (pair.first, pair.second)))
        for pair in figures
    ]
    for line in aligned([("Figure", "First", "Second"), *cells], right=range(1, 3)):
        click.echo(line)


@runs.command("rebuild")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, file_okay=False, exists=True))
@json_option
def rebuild(folders: tuple[Path, ...], as_json: bool) -> None:
    """Make the index again from the run folders below FOLDERS, and those that it still names.

    Without FOLDERS the current folder is searched. A run that cannot be read is named and left out.

    Example: otsim runs rebuild runs
    """
    from otsim.runs import RunIndex, index_file

    index = RunIndex(file=index_file())
    found, faults = _readable(index, folders or (Path(),))
    index.rebuild(found)
    for fault in faults:
        click.echo(fault, err=True)
    if as_json:
        told = {"index": str(index.file), "runs": len(found), "left_out": faults}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{len(found)} runs in {click.format_filename(index.file)}")


def _readable(index: Any, folders: tuple[Path, ...]) -> tuple[list[RunSummary], list[str]]:
    """Read every run below some folders, and what the index knows elsewhere."""
    from otsim.runs import run_summary
    from otsim.runs.run_index import found_runs
    from otsim.store.places import is_local

    paths = [path for folder in folders for path in found_runs(folder)]
    if not index.is_damaged():
        paths += [run.path for run in index.runs() if (run.path / "run.json").is_file()]
    found, faults = {}, []
    for path in dict.fromkeys(path.resolve() if is_local(path) else path for path in paths):
        try:
            found[path] = run_summary(path)
        except OtsimError as error:
            faults.append(str(error).partition("\n")[0])
    return list(found.values()), faults


def _find(run: str) -> RunSummary:
    """Find a run by its folder, or in the index by the beginning of its id."""
    from otsim.runs import RunIndex, index_file, run_summary
    from otsim.store.places import place_of

    if (place_of(run) / "run.json").is_file():
        return run_summary(place_of(run))
    known = RunIndex(file=index_file()).runs()
    found = [each for each in known if run == str(each.path)]
    found = found or [each for each in known if len(run) > 3 and each.status.run_id.startswith(run)]
    if len(found) == 1:
        return found[0]
    if found:
        paths = ", ".join(str(each.path) for each in found[:3])
        raise click.UsageError(f"{len(found)} runs are called {run}: {paths}; give a folder")
    raise click.UsageError(f"no run {run!r} is known; give a run folder, or the first 4 or more "
                           "characters of a run id of otsim runs list")  # fmt: skip


def _object(run: RunSummary) -> dict[str, Any]:
    """Return what the index says of a run but the study."""
    status = {name: value for name, value in asdict(run.status).items() if name != "pid"}
    told = {name: value for name, value in asdict(run).items() if name not in ("status", "study")}
    figures = {figure.pop("name"): figure for figure in told.pop("figures")}
    return status | told | {"run": str(run.path), "path": str(run.path), "figures": figures}


def _cells(run: RunSummary) -> tuple[str, ...]:
    status = run.status
    amounts = (found.value if (found := run.figure(name)) else None for name in _SHOWN)
    return (
        status.run_id, status.state, f"{status.twins_done:,}", *map(_number, amounts),
        f"{status.diverged:,}", click.format_filename(str(run.path)),
    )  # fmt: skip


def _values(figure: Figure) -> tuple[float | None, ...]:
    return figure.value, figure.standard_error, figure.low, figure.high


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:.4g}"


def _text(value: Any) -> str:
    text = "-" if value is None else value if isinstance(value, str) else json.dumps(value)
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."

"""`otsim init`: a commented study to start from."""

from __future__ import annotations

from importlib.resources import files

import click

from otsim.errors import StorageError


@click.command()
@click.argument("study_file", metavar="[FILE]", default="study.yaml", type=click.Path())
def init(study_file: str) -> None:
    """Write a commented study to start from; FILE is study.yaml unless given, - prints it.

    Refuses to write over a file.

    Example: otsim init study.yaml
    """
    text = starter_study()
    if study_file == "-":
        click.echo(text, nl=False)
        return
    name = click.format_filename(study_file)
    try:
        with open(study_file, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.UsageError(f"{name} exists already; choose another name") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StorageError(f"{name}: cannot be written ({reason}); choose another place") from None
    click.echo(f"Wrote {name}. Next: otsim check {name}, then otsim run {name} --out runs/first")


def starter_study() -> str:
    """Return the text of the study to start from."""
    return files("otsim.cli").joinpath("starter_study.yaml").read_text("utf-8")

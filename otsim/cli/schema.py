"""`otsim schema`: the JSON Schema of a file format."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("name", metavar="NAME", type=click.Choice(["study"]))
def schema(name: str) -> None:
    """Print the JSON Schema of a file format, for editors; NAME is study.

    Example: otsim schema study > otsim.schema.json
    """
    from otsim.config import study_schema

    schemas = {"study": study_schema}
    click.echo(json.dumps(schemas[name](), indent=1, ensure_ascii=False))

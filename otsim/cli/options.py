"""Options that mean the same on every command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

__all__ = ["RunPlace", "json_option", "set_option", "study_argument"]


class RunPlace(click.ParamType[Path]):
    """A run folder: a path, or the URL of an object store such as `s3://bucket/te`."""

    name = "run"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Turn what was typed into a path."""
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        if "://" not in value:
            return Path(value)
        from otsim.store.places import place_of

        return place_of(value)


study_argument = click.argument("study_file", metavar="STUDY", type=click.Path(allow_dash=True))
set_option = click.option(
    "-s",
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="Lay one value over the study, such as -s simulation.twins=256; may be repeated.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")

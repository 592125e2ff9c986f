"""Options that mean the same on every command."""

from __future__ import annotations

import click

__all__ = ["json_option", "set_option", "study_argument"]

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

"""`otsim completion`: the script that lets a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from otsim.errors import ModelError


@click.command()
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell: bash, zsh or fish.

    Example: eval "$(otsim completion bash)"
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise ModelError(f"{shell}: no completion; take bash, zsh or fish")
    click.echo(kind(ctx.find_root().command, {}, "otsim", "_OTSIM_COMPLETE").source())

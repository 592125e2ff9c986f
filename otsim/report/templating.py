"""Templates to pages: everything escaped, nothing left undefined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["rendered"]


def rendered(template: str, told: Mapping[str, Any]) -> str:
    """Render a template of the report as one text, styles and pictures inside.

    Args:
        template: its file name.
        told: what it tells, by name.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("otsim.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(told)

"""Print the lowest versions that pyproject.toml allows, as pip's constraints; `make lowest`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

_NAME_AND_LOWEST = re.compile(r"([\w-]+)>=([\w.]+)")


def main() -> None:
    """Print a line for each dependency of the core."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    for dependency in project["dependencies"]:
        name, lowest = _NAME_AND_LOWEST.match(dependency).groups()
        print(f"{name}=={lowest}.*")  # noqa: T201


if __name__ == "__main__":
    main()

"""Where a run folder may be: a folder of this machine, or a prefix of an object store.

Either is a path with the methods of `pathlib.Path`; what only one of them can do is decided here
and in `commit.py`. An object store has no rename, no folders and no locks: a file is put whole or
not at all, and the manifest, put last, is the commit.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from otsim.errors import SimulationError

__all__ = ["is_local", "place_of"]

_EXTRAS = {"s3": "s3fs", "s3a": "s3fs"}


def place_of(text: str) -> Path:
    """Return the path that a user means: `runs/te`, `file:///data/te`, `s3://bucket/te`, ...

    Raises:
        SimulationError: a URL that nothing here can open; it says what is missing.
    """
    protocol, _, rest = text.partition("://")
    if not rest:
        return Path(text)
    if protocol in ("file", "local"):
        return Path(unquote(urlsplit(text).path))
    for package in ("upath", _EXTRAS.get(protocol, "fsspec")):
        if find_spec(package) is None:
            raise SimulationError(f"{text}: needs {package}; pip install 'otsim[s3]'")
    from upath import UPath

    try:
        # what another process has put must be seen at once
        found = UPath(text, use_listings_cache=False)
        found.fs  # noqa: B018 - opens the file system, which may lack a package
    except (ValueError, ImportError) as error:
        raise SimulationError(
            f"{text}: {error}; use a folder, s3://BUCKET/NAME or file://"
        ) from None
    return cast("Path", found)


def is_local(path: Path) -> bool:
    """Tell whether a path is on a file system of this machine, with renames and locks."""
    return isinstance(path, Path)

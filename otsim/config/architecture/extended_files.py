"""A YAML file laid over the file that it extends, and that one over the next."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from otsim.config.overlay import merged
from otsim.config.problems import did_you_mean
from otsim.config.yaml_lines import Branch, one_line, read_yaml
from otsim.errors import ConfigError

__all__ = ["read_extended"]

_LONGEST_CHAIN = 16


def read_extended(path: str | Path, *, collections: Collection[str], max_bytes: int) -> Branch:
    """Read a file, lay it over the one named by its `extends`, and so on.

    Mappings are merged key by key, all else is replaced. In a collection, an entry written as
    `name: null` removes the one below.

    Args:
        path: the file; `-` is standard input.
        collections: keys at the top that hold entries by name.
        max_bytes: a longer file is refused.

    Raises:
        ConfigError: a file cannot be read, extends itself, or removes what is not there.
    """
    return _read(os.fspath(path), collections, max_bytes, ())


def _read(path: str, collections: Collection[str], max_bytes: int, seen: tuple[str, ...]) -> Branch:
    own = read_yaml(path, max_bytes=max_bytes)
    base = own.value.get("extends")
    if base is None:
        return _without(own, "extends")
    seen = (*seen, os.path.realpath(path))
    base_path = _named_file(base, Path() if path == "-" else Path(path).parent)
    if os.path.realpath(base_path) in seen:
        message = f"{one_line(base_path)} extends this file in turn; break the cycle"
        raise ConfigError(f"{base.place}: extends: {message}")
    if len(seen) >= _LONGEST_CHAIN:
        message = f"more than {_LONGEST_CHAIN} files extend one another; join some"
        raise ConfigError(f"{base.place}: extends: {message}")
    below = _read(base_path, collections, max_bytes, seen)
    below, own = _with_removals(below, _without(own, "extends"), collections)
    return merged(below, own)


def _with_removals(
    below: Branch, own: Branch, collections: Collection[str]
) -> tuple[Branch, Branch]:
    """Take out of both files what the upper one removes."""
    faults: list[str] = []
    for key in collections:
        entries, base = _entries(own, key), _entries(below, key)
        removed = [name for name, child in entries.items() if child.value is None]
        for name in removed:
            if name not in base:
                hint = did_you_mean(name, base, otherwise="remove this line")
                place = entries[name].key_place
                where = f"{key}.{one_line(name, 80)}"
                faults.append(f"{place}: {where}: the extended file has none to remove ({hint})")
        if removed:
            below = _with_entries(below, key, removed)
            own = _with_entries(own, key, removed)
    if faults:
        raise ConfigError(*faults)
    return below, own


def _entries(root: Branch, key: str) -> dict[str, Branch]:
    branch = root.value.get(key)
    return branch.value if branch is not None and isinstance(branch.value, dict) else {}


def _with_entries(root: Branch, key: str, removed: Collection[str]) -> Branch:
    """Return the file without some entries of one collection."""
    left = {name: child for name, child in _entries(root, key).items() if name not in removed}
    collection = replace(root.value[key], value=left)
    return replace(root, value={**root.value, key: collection})


def _without(branch: Branch, key: str) -> Branch:
    return replace(branch, value={k: v for k, v in branch.value.items() if k != key})


def _named_file(name: Branch, folder: Path) -> str:
    if not isinstance(name.value, str):
        raise ConfigError(f"{name.place}: extends: need the name of a file")
    try:
        path = os.path.normpath(folder / name.value)
        found = os.path.isfile(path)
    except ValueError:
        path, found = name.value, False
    if found:
        return path
    raise ConfigError(
        f"{name.place}: extends: there is no file {one_line(path)}; "
        "give its name relative to the file that names it"
    )

"""Pre-flight: will the planned shards fit on the disk?"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from otsim.errors import StorageError
from otsim.store.commit import storing
from otsim.store.places import is_local

__all__ = ["refuse_more_than_disk"]

_BYTES_A_VALUE = 9  # f64 or text code before compression, and its validity bit
_BYTES_A_SHARD = 24_576  # schema, footer and manifest, each rounded up to blocks
_BYTES_A_RUN = 16 * 2**20  # tables, three recorded twins and the page
_FILES_A_SHARD = 2


def refuse_more_than_disk(folder: Path, *, n_shards: int, n_twins: int, n_columns: int) -> int:
    """Estimate what the shards still to come need, and refuse what cannot fit.

    Returns:
        The estimate, bytes; an upper one, for nothing is taken off for compression.

    Raises:
        StorageError: less is free, in bytes or in file entries.
    """
    needed = n_twins * n_columns * _BYTES_A_VALUE + n_shards * _BYTES_A_SHARD + _BYTES_A_RUN
    if not is_local(folder):
        return needed  # an object store has no end that it would tell of
    with storing(folder):
        free, entries = shutil.disk_usage(folder).free, _free_entries(folder)
    if needed > free:
        raise StorageError(
            f"{folder}: {n_shards} shards need up to {needed / 1e9:.3g} GB and {free / 1e9:.3g} GB "
            "are free; lower simulation.twins or choose another --out"
        )
    if entries is not None and n_shards * _FILES_A_SHARD > entries:
        raise StorageError(
            f"{folder}: {n_shards} shards are {n_shards * _FILES_A_SHARD} files and the disk has "
            f"room for {entries}; raise simulation.shard_size or choose another --out"
        )
    return needed


def _free_entries(folder: Path) -> int | None:
    """Files that may still be made; None where the file system does not count them."""
    if not hasattr(os, "statvfs"):
        return None
    found = os.statvfs(folder)
    return found.f_favail if found.f_files > 0 else None

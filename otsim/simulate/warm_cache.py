"""Banks of warm states kept over runs: the second start of a study finds its bank on disk.

A bank is found again only where nothing that made it has changed: the plant and its points, the
seed, the source that fills it, the driver, the versions of JAX, the compiler's settings and the
device.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from otsim.simulate.cpu_settings import processor_name
from otsim.simulate.kernel import Kernel, first_states
from otsim.simulate.routes import driver_in_use

if TYPE_CHECKING:
    from otsim_kernels.control_loop import TwinState

__all__ = ["cached_bank"]

MOST_BANKS = 64  # of about half a megabyte each


def cached_bank(
    kernel: Kernel, made_from: tuple[Any, ...], make: Callable[[], TwinState]
) -> TwinState:
    """Return the bank on disk, or make it and put it there.

    Args:
        kernel: the plant that the bank is of.
        made_from: all else that the bank depends on.
        make: fills the bank, leaves [n_members].
    """
    path = _folder() / f"{_name(kernel, made_from)}.npz"
    with contextlib.suppress(OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return _read(path, kernel)
    bank = make()
    # a cache that cannot be written costs time, nothing else
    with contextlib.suppress(OSError):
        _write(path, bank)
        _forget_old(path.parent)
    return bank


def _folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("otsim") / "warm_states"


def _name(kernel: Kernel, made_from: tuple[Any, ...]) -> str:
    """Return a name that changes with anything that could change a bit of the bank."""
    import jax

    surroundings = (
        driver_in_use().module, jax.devices()[0].device_kind, processor_name(),
        os.environ.get("XLA_FLAGS", ""), version("jax"), version("jaxlib"), version("numpy"),
        _source(),
    )  # fmt: skip
    text = repr((kernel.table.name, kernel.taps, str(kernel.dtype), made_from, surroundings))
    return hashlib.blake2s(text.encode(), digest_size=16).hexdigest()


def _source() -> str:
    """Return a hash of all source that a warm state goes through."""
    import otsim.plant
    import otsim.simulate
    import otsim_kernels

    found = hashlib.blake2s()
    for package in (otsim_kernels, otsim.simulate, otsim.plant):
        for path in sorted(Path(next(iter(package.__path__))).rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()


def _read(path: Path, kernel: Kernel) -> TwinState:
    import jax

    wanted, tree = jax.tree.flatten(first_states(kernel, 1))
    with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
        leaves = [file[f"leaf_{i}"] for i in range(len(wanted))]
    for leaf, like in zip(leaves, wanted, strict=True):
        if leaf.dtype != like.dtype or leaf.ndim != np.ndim(like):
            raise ValueError(f"{path} holds something else")
    bank: TwinState = jax.tree.unflatten(tree, leaves)
    return bank


def _write(path: Path, bank: TwinState) -> None:
    """Write beside the place and move there, so that no reader finds half a file."""
    import jax

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        try:
            np.savez(file, **{f"leaf_{i}": leaf for i, leaf in enumerate(jax.tree.leaves(bank))})
            file.close()
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _forget_old(folder: Path) -> None:
    banks = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in banks[MOST_BANKS:]:
        path.unlink(missing_ok=True)

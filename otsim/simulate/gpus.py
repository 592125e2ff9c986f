"""The GPUs of this machine, found without starting JAX; one worker process is pinned to each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

__all__ = ["pin_to_gpu", "usable_gpus"]

_DEVICE_FILES = "nvidia[0-9]*"
_PLUGINS = ("jax_cuda13_plugin", "jax_cuda12_plugin")


def usable_gpus(
    environment: Mapping[str, str] | None = None, devices: Path = Path("/dev")
) -> tuple[str, ...]:
    """Return what `CUDA_VISIBLE_DEVICES` may be set to, one for each GPU; none without JAX for it.

    Args:
        environment: by default this process's.
        devices: where the driver's device files are.
    """
    env = os.environ if environment is None else environment
    if env.get("JAX_PLATFORMS", "cuda").split(",")[0] not in ("cuda", "gpu", ""):
        return ()
    if not any(find_spec(plugin) for plugin in _PLUGINS):
        return ()
    given = env.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return tuple(name for name in given.split(",") if name not in ("", "-1"))
    # CUDA counts what it is given from 0, whatever the files are called
    found = [path for path in devices.glob(_DEVICE_FILES) if path.name[6:].isdigit()]
    return tuple(map(str, range(len(found))))


def pin_to_gpu(name: str, *, shared: bool) -> None:
    """Let this process see one GPU; before JAX starts.

    Args:
        name: as `usable_gpus` has it.
        shared: other workers use it too, so that JAX must not reserve most of its memory.
    """
    os.environ["CUDA_VISIBLE_DEVICES"] = name
    if shared:
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

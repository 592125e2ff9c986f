"""`otsim doctor`: versions, devices and the route in use, for a report of a fault."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from otsim import __version__
from otsim.cli.options import json_option

_PACKAGES = ("jax", "jaxlib", "numpy", "scipy", "pyarrow", "pandas", "pydantic")
_VECTOR_FLAGS = ("avx", "avx2", "fma", "avx512f", "neon", "asimd", "sve")


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Show versions, devices, the route in use and where caches are kept.

    Example: otsim doctor
    """
    found = findings()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        click.echo(f"  {name.replace('_', ' '):<13}{_shown(value)}")


def findings() -> dict[str, Any]:
    """Return what this computer offers, and which way the twins will take."""
    from otsim.simulate.cpu_settings import prepare_cpu

    fast = prepare_cpu()
    import jax
    from platformdirs import user_cache_path

    from otsim.simulate.kernel import route

    devices = [f"{device.device_kind} ({device.platform})" for device in jax.devices()]
    return {
        "otsim": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "packages": {name: _version(name) for name in _PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count(),
        "cpu_flags": _cpu_flags(),
        "devices": devices,
        "route": f"{route()} on {jax.default_backend().upper()}",
        "compiler": "wide vectors, one function a loop" if fast else "as XLA_FLAGS has it",
        "cache_folder": str(user_cache_path("otsim")),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu_flags() -> list[str]:
    """Return the vector instructions of the first processor, where the system tells them."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return []
    lines = [line.partition(":")[2].split() for line in text.splitlines()
             if line.startswith(("flags", "Features"))]  # fmt: skip
    present = set(lines[0]) if lines else set()
    return [flag for flag in _VECTOR_FLAGS if flag in present]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {one or 'missing'}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(value) or "unknown"
    return str(value)

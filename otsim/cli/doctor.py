"""`otsim doctor`: versions, devices and the route in use, for a report of a fault."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otsim import __version__
from otsim.cli.options import json_option

if TYPE_CHECKING:
    from otsim.simulate.speed import Speed

_PACKAGES = ("jax", "jaxlib", "numpy", "scipy", "pyarrow", "pandas", "pydantic")
_VECTOR_FLAGS = ("avx", "avx2", "fma", "avx512f", "neon", "asimd", "sve")


@click.command()
@click.option("--bench", is_flag=True, help="Run twins for some seconds and say how fast they are.")
@json_option
def doctor(bench: bool, as_json: bool) -> None:
    """Show versions, devices, the route in use and where caches are kept.

    Example: otsim doctor --bench
    """
    found = findings()
    if bench:
        from otsim.simulate.speed import measure_speed

        speed = measure_speed()
        found |= {"speed": _numbers(speed)} if as_json else _told(speed)
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

    from otsim.simulate.routes import driver_in_use

    driver = driver_in_use()
    route = f"{driver.name} on {jax.default_backend().upper()}"
    if driver.hint:
        route += f" ({driver.hint})"
    devices = [f"{device.device_kind} ({device.platform})" for device in jax.devices()]
    return {
        "otsim": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "packages": {name: _version(name) for name in _PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count(),
        "cpu_flags": _cpu_flags(),
        "devices": devices,
        "route": route,
        "compiler": "wide vectors, one function a loop" if fast else "as XLA_FLAGS has it",
        "cache_folder": str(user_cache_path("otsim")),
    }


def _numbers(speed: Speed) -> dict[str, Any]:
    return {
        **asdict(speed),
        "twin_hours_per_second": speed.twin_hours_per_second,
        "floor_ns": speed.floor_ns,
    }


def _told(speed: Speed) -> dict[str, str]:
    """Say how fast twins run here, and what the device could do."""
    reached = speed.floor_ns / speed.ns_per_twin_second
    return {
        "speed": f"{speed.ns_per_twin_second:.3g} ns of a {speed.device} for a second of a twin's "
        "life (Tennessee Eastman, noise, float32)",
        "throughput": f"{speed.twin_hours_per_second:,.0f} twin-hours a second "
        f"on {speed.devices} {speed.device}{'' if speed.devices == 1 else 's'}",
        "limit": f"a twin-second is {speed.operations:,} operations, which as plain multiply-adds "
        f"({speed.operations_per_ns:.0f} a ns here) would take {speed.floor_ns:.3g} ns: "
        f"{reached:.0%} of the limit",
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

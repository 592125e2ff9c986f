"""R26: nothing touches the network unasked, and what is installed is pinned by hash."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# a connection, a look-up or a datagram ends the process at once
BLOCKED = """
import os, sys
def hear(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
                 "socket.bind", "urllib.Request"):
        os.write(2, f"NETWORK {event} {args[1:]}\\n".encode())
        os._exit(99)
sys.addaudithook(hear)
"""
IMPORTS = """
import importlib, pkgutil
import otsim, otsim_kernels
names = [found.name for package in (otsim, otsim_kernels)
         for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
         if not found.name.endswith(("__main__", "fused_gpu"))]
for name in names:
    importlib.import_module(name)
print(len(names))
"""
COMMANDS = (["--help"], ["--version"], ["check", "{study}"], ["plants"], ["schema", "study"],
            ["runs", "list"], ["doctor"])  # fmt: skip


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.run(
        [sys.executable, "-c", BLOCKED + code], capture_output=True, text=True, timeout=300,
        cwd=folder, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip


def test_r26_every_module_is_imported_without_network(tmp_path: Path) -> None:
    """Seen to fail: with a `urllib.request.urlopen` at the top of `otsim/config/key_paths.py`."""
    done = python(IMPORTS, tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 150
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_r26_commands_need_no_network(command: list[str], tmp_path: Path) -> None:
    """Seen to fail: with a `socket.create_connection` in `doctor.findings`."""
    study = ROOT / "configs" / "studies" / "te_campaign.yaml"
    words = [word.format(study=study) for word in command]
    done = python(f"from otsim.cli import main; main({words!r})", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "NETWORK" not in done.stderr


def test_r26_the_block_blocks(tmp_path: Path) -> None:
    """Seen to fail: with the hook left out, without which the other tests could not fail."""
    done = python("import socket; socket.create_connection(('127.0.0.1', 9))", tmp_path)
    assert (done.returncode, done.stderr.partition(" ")[0]) == (99, "NETWORK")


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_r26_locks_pin_every_dependency_by_hash(version: str) -> None:
    """Seen to fail: with a dependency added to pyproject.toml and not to the locks, and with a
    pin below the lowest version allowed."""
    from packaging.requirements import Requirement

    text = (ROOT / "locks" / f"python-{version}.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pinned = {}
    for line in lines:
        wanted, *hashes = line.split("--hash=sha256:")
        name, _, pin = wanted.strip().partition("==")
        assert hashes, name
        assert all(len(each.strip()) == 64 for each in hashes), name
        pinned[name.partition("[")[0]] = pin.partition(";")[0].strip()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for asked in (*project["dependencies"], *extras["sql"], *extras["water"]):
        requirement = Requirement(asked)
        if requirement.marker is None or requirement.marker.evaluate({"python_version": version}):
            pin = pinned[requirement.name.lower().replace("_", "-")]
            assert requirement.specifier.contains(pin), asked

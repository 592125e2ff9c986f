"""The page about clusters: its Slurm script runs as it stands, without Slurm."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from otsim.cli import COMMANDS, main
from otsim.config import dump_study
from otsim.store import RunReader
from pipeline.whole_run import IDLE, ROOT, short_study

PAGE = (ROOT / "docs" / "clusters.md").read_text("utf-8")
N_TASKS = 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_the_slurm_script_computes_every_part(tmp_path: Path) -> None:
    """The script is taken from the page, its variables are set as Slurm would."""
    [script] = re.findall(r"```bash\n(#!/bin/bash\n.*?)```", PAGE, re.DOTALL)
    (tmp_path / "otsim.sbatch").write_text(script)
    study, out = tmp_path / "study.yaml", tmp_path / "run"
    study.write_text(dump_study(short_study(*IDLE, twins=60, shard_size=10)))
    (tmp_path / "otsim").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m otsim "$@"\n')
    (tmp_path / "otsim").chmod(0o755)
    own = {
        **os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "STUDY": str(study),
        "OUT": str(out), "SLURM_ARRAY_TASK_COUNT": str(N_TASKS), "SLURM_CPUS_PER_TASK": "1",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'kernels'}",
    }  # fmt: skip
    tasks = [
        subprocess.Popen(
            ["bash", str(tmp_path / "otsim.sbatch")], text=True, env={**own, **number},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for number in ({"SLURM_ARRAY_TASK_ID": str(k + 1)} for k in range(N_TASKS))
    ]  # fmt: skip
    for task in tasks:
        printed, told = task.communicate(timeout=300)
        assert task.returncode == 0, told
        assert "30 twins in 3 shards committed" in printed
    assert RunReader.at(out).missing_shards() == {}


def test_every_command_of_the_page_is_one_of_ours() -> None:
    """Seen to fail: with a word that is no command."""
    commands = {command for command, _ in _commands()}
    assert {"run", "merge", "status", "report"} <= commands <= set(COMMANDS)


def test_every_option_of_the_page_is_one_of_its_command() -> None:
    """Seen to fail: with `--workers` in the script's second line renamed, and with `--shard`
    given to `otsim merge`."""
    found = [
        (command, re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest)) for command, rest in _commands()
    ]
    assert ("run", ["--out", "--quiet", "--shard", "--workers"]) in found
    assert ("merge", ["--out", "--workers"]) in found
    for command in {command for command, _ in found}:
        told = CliRunner().invoke(main, [command, "--help"]).output
        known = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", told))
        given = {option for name, options in found if name == command for option in options}
        assert given <= known, command


def _commands() -> list[tuple[str, str]]:
    """Every command of ours in the page's code, and what follows it up to the end of its line."""
    blocks = re.findall(r"```.*?```", PAGE, re.DOTALL)
    inline = re.findall(r"`[^`]+`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
    lines = "\n".join([*blocks, *(" ".join(code.split()) for code in inline)])
    joined = re.sub(r"\\\n\s*", "", lines)
    return re.findall(r"\botsim ([a-z]+)([^\n`#']*)", joined)

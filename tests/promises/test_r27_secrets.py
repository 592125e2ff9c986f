"""R27: nothing of the environment, no path of the user and no name of the machine in an output."""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from otsim.cli import main
from pipeline.whole_run import SHORT, STUDY
from store.synthetic_run import finished_run, study_of

CANARY = "canary-4f1c7a-secret"
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": f"{CANARY}-aws",
    "OTSIM_TOKEN": f"{CANARY}-token",
    "HTTPS_PROXY": f"http://user:{CANARY}@127.0.0.1:9",
    "USER": f"{CANARY}-user",
    "LOGNAME": f"{CANARY}-user",
    "HOSTNAME": f"{CANARY}-host",
}
SMALL = ("simulation.twins=16", "simulation.shard_size=8")


def run(folder: Path, *words: str) -> bytes:
    """Run a command in a home of its own; returns all that it printed."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    own = {**SECRETS, "HOME": str(folder / CANARY), "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-m", "otsim", *words], capture_output=True, timeout=600,
        cwd=folder / CANARY, env={**os.environ, **own},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def words() -> list[bytes]:
    """What must not be found: the canary, this user's home, this checkout, names of both."""
    found = [CANARY, str(Path.home()), str(STUDY.parents[2])]
    found += [name for name in (platform.node(), getpass.getuser()) if len(name) > 5]
    return [word.encode() for word in found]


def refuse_secrets(*folders: Path) -> None:
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 50
    for path in files:
        data = plain(path)
        assert [word for word in words() if word in data] == [], path.name


def test_r27_no_file_of_a_run_holds_a_secret_or_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: with the environment among the notes of `run.json`, with `platform.node()` in
    the metadata of Parquet files, and with the folder's path in `run.json`."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / CANARY
    run = finished_run(home / "run", study_of(32))
    options = ["--csv", str(home / "csv"), "--ord-strict", str(home / "csv")]
    assert CliRunner().invoke(main, ["export", str(run), *options]).exit_code == 0
    refuse_secrets(home / "run", home / "csv")


@pytest.mark.slow
def test_r27_no_output_of_a_command_holds_a_secret_or_a_path(tmp_path: Path) -> None:
    """A whole run from a study in the user's home: every file, the page, exports and the log.

    Seen to fail: with the report's path made absolute where `otsim run` prints it.
    """
    home = tmp_path / CANARY
    home.mkdir()
    study = home / "study.yaml"
    study.write_text(STUDY.read_text().replace("../", f"{STUDY.parents[1]}/"))
    laid_over = [part for value in (*SHORT, *SMALL) for part in ("-s", value)]
    printed = run(tmp_path, "run", "study.yaml", "--out", "run", *laid_over, "--workers", "1")
    printed += run(tmp_path, "verify", "run") + run(tmp_path, "status", "run")
    printed += run(tmp_path, "export", "run", "--csv", "csv", "--ord-strict", "csv")
    assert [word for word in words() if word in printed] == []
    refuse_secrets(home / "run", home / "csv")


def plain(path: Path) -> bytes:
    """The bytes of a file, and of a Parquet file also what is compressed in it."""
    data = path.read_bytes()
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        data += str(table.schema.metadata).encode() + str(table.to_pydict()).encode()
    return data


@pytest.mark.skipif(shutil.which("env") is None, reason="POSIX")
def test_r27_an_error_shows_no_more_than_was_typed(tmp_path: Path) -> None:
    """Seen to fail: with `path.resolve()` in the messages of `read_yaml`."""
    (tmp_path / CANARY).mkdir()
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-m", "otsim", "run", "missing.yaml", "--out", "run"],
        capture_output=True, timeout=120, cwd=tmp_path / CANARY,
        env={**os.environ, **SECRETS, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 2
    assert CANARY.encode() not in done.stdout + done.stderr

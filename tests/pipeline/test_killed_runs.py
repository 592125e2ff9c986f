"""`kill -9` and Ctrl-C at any moment, and the same command again: the bytes are the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pipeline.whole_run import command_line, hashes

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")

LONGEST_S = 300.0
END_WITHIN_S = 5.0  # CONVENTIONS R22


@dataclass
class Started:
    """A run in a process group of its own, as a terminal would start it."""

    process: subprocess.Popen[bytes]
    workers: set[int]

    def watch(self, until: Callable[[], bool]) -> bool:
        """Wait for a moment; returns False if the run ended before it."""
        deadline = time.monotonic() + LONGEST_S
        while time.monotonic() < deadline:
            self.workers |= children_of(self.process.pid)
            if until():
                return True
            if self.process.poll() is not None:
                self.process.communicate()
                return False
            time.sleep(0.02)
        pytest.fail("the moment did not come")


def start(out: Path, workers: int) -> Started:
    command = [sys.executable, "-W", "error", "-m", "otsim", *command_line(out, "--quiet")]
    process = subprocess.Popen(
        [*command, "--workers", str(workers)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    return Started(process=process, workers=set())


def finish(out: Path, workers: int = 2) -> str:
    """Run to the end and return what was printed."""
    started = start(out, workers)
    printed, told = started.process.communicate(timeout=LONGEST_S)
    assert started.process.returncode == 0, told.decode()
    assert told == b""
    return printed.decode()


def children_of(pid: int) -> set[int]:
    """Return the processes that any thread of a process has started."""
    found: set[int] = set()
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(OSError):
            found |= {int(child) for child in (thread / "children").read_text().split()}
    return found


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def gone_within(pids: set[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(is_running, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def committed(out: Path, kind: str) -> int:
    return len(list((out / kind).glob("*.parquet")))


def kill(started: Started) -> None:
    """Kill the process of the command alone, as the system does when memory runs out."""
    started.process.kill()
    started.process.communicate(timeout=LONGEST_S)
    assert gone_within(started.workers, 10.0), "workers outlive their run"


@pytest.fixture(scope="module", autouse=True)
def _heard() -> Iterator[None]:
    """Hear Ctrl-C: tests that a shell runs in the background would hand on that it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], float]:
    """The files of a run by one process that nobody stopped, and how long it took."""
    out = tmp_path_factory.mktemp("runs") / "undisturbed"
    began = time.monotonic()
    assert finish(out, workers=1).startswith("Expected annual loss ")
    return hashes(out), time.monotonic() - began


@pytest.mark.slow
def test_stopped_and_killed_it_ends_with_the_same_bytes(
    undisturbed: tuple[dict[str, str], float], tmp_path: Path
) -> None:
    out = tmp_path / "run"

    started = start(out, workers=2)
    assert started.watch(lambda: committed(out, "events") >= 1)
    asked = time.monotonic()
    os.killpg(started.process.pid, signal.SIGINT)  # what Ctrl-C does
    printed, told = started.process.communicate(timeout=LONGEST_S)
    assert started.process.returncode == 130, (printed, told)
    assert time.monotonic() - asked < END_WITHIN_S
    assert (printed, told.strip()) == (b"", b"interrupted")
    assert len(started.workers) >= 2
    assert gone_within(started.workers, END_WITHIN_S)
    assert not (out / "_SUCCESS").exists()

    started = start(out, workers=2)
    assert started.watch(lambda: committed(out, "tables") >= 1)
    kill(started)
    assert not (out / "_SUCCESS").exists()

    finish(out)
    assert hashes(out) == undisturbed[0]


@pytest.mark.slow
@pytest.mark.parametrize("trial", range(6))
def test_killed_at_any_moment_it_ends_with_the_same_bytes(
    undisturbed: tuple[dict[str, str], float], tmp_path: Path, trial: int
) -> None:
    files, whole_s = undisturbed
    out, random = tmp_path / "run", np.random.default_rng(trial)
    for _ in range(3):
        at = time.monotonic() + random.uniform(0.0, whole_s)
        started = start(out, workers=2)
        if not started.watch(lambda at=at: time.monotonic() >= at):  # type: ignore[misc]
            break
        kill(started)
    finish(out)
    assert hashes(out) == files
    assert not list(out.rglob(".tmp-*"))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9])
def test_ctrl_c_is_heard_at_once(
    undisturbed: tuple[dict[str, str], float], tmp_path: Path, workers: int, share: float
) -> None:
    at = time.monotonic() + share * undisturbed[1]
    started = start(tmp_path / "run", workers)
    if not started.watch(lambda: time.monotonic() >= at):
        pytest.skip("this run ended before")
    asked = time.monotonic()
    os.killpg(started.process.pid, signal.SIGINT)
    started.process.communicate(timeout=LONGEST_S)
    assert time.monotonic() - asked < END_WITHIN_S
    assert started.process.returncode == 130
    assert gone_within(started.workers, END_WITHIN_S)


@pytest.mark.slow
def test_a_second_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    started = start(tmp_path / "run", workers=1)
    assert started.watch(lambda: time.monotonic() > began + 2.5)  # while it traces and compiles
    for _ in range(2):
        os.killpg(started.process.pid, signal.SIGINT)
        time.sleep(0.3)
    asked = time.monotonic()
    started.process.communicate(timeout=LONGEST_S)
    assert time.monotonic() - asked < 1.0
    assert started.process.returncode == 130

"""R14: a file that is far too large is refused before it is read, whatever it claims to be."""

from __future__ import annotations

import gzip
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from config.studies import STARTER
from otsim.config import read_actions, read_study
from otsim.errors import OtsimError

TEN_GB = 10 * 10**9
LONGEST_S, MOST_KB = 1.0, 100_000


def sparse(path: Path) -> Path:
    """10 GB that take no room on the disk."""
    with path.open("wb") as file:
        file.truncate(TEN_GB)
    return path


def zeros_in_gzip(path: Path) -> Path:
    """400 MB of zeros in 2 MB."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(400):
            file.write(bytes(10**6))
    return path


@contextmanager
def cheaply_refused() -> Iterator[None]:
    """Refused within a second of processor time, and within 100 MB more than before."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(OtsimError) as caught:
        yield
    assert time.process_time() - began < LONGEST_S
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KB
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 900


def study_with(path: Path, lines: str) -> Any:
    """Read a study that names a file beside it."""
    study = path.with_name("study.yaml")
    study.write_text(lines)
    return read_study(study)


READERS: dict[str, Callable[[Path], Any]] = {
    "study": read_study,
    "actions": lambda path: read_actions(path, "tennessee_eastman"),
    "extends": lambda path: study_with(path, f"extends: {path}"),
    "tree": lambda path: study_with(path, f"extends: {STARTER}\nattack: {{tree: {path}}}"),
    "inp": lambda path: study_with(
        path, f"extends: {STARTER}\nplant: {{model: water_network, inp: {path}}}"
    ),
    "override": lambda path: read_study(STARTER, [f"attack.tree={path}"]),
}


@pytest.mark.parametrize("name", READERS)
def test_r14_ten_gigabytes_are_refused_unread(name: str, tmp_path: Path) -> None:
    """Seen to fail: with 300 MB read in place of the limit in `read_yaml` and in `inp_lines`."""
    with cheaply_refused():
        READERS[name](sparse(tmp_path / "bomb"))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices")
@pytest.mark.parametrize("name", READERS)
def test_r14_a_file_without_an_end_is_refused(name: str, tmp_path: Path) -> None:
    """Seen to fail: with 300 MB read in place of the limit in `read_yaml`."""
    endless = tmp_path / "endless"
    endless.symlink_to("/dev/zero")
    with cheaply_refused():
        READERS[name](endless)


def test_r14_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    """Seen to fail: with `gzip.decompress` in place of the bounded reading."""
    from otsim.architecture.imports.exploit_feeds import read_epss

    bomb = zeros_in_gzip(tmp_path / "epss.csv.gz")
    with cheaply_refused():
        read_epss(bomb)


def aliases() -> str:
    """Nine to the tenth of a word, by names for what came before."""
    rows = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    rows += [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]"
             for old, new in pairwise("abcdefghij")]  # fmt: skip
    return "\n".join(rows)


GROWING = {
    "aliases": aliases(),
    "lists in lists": "[" * 100_000,
    "mappings in mappings": "{a: " * 100_000,
    "a long number": f"title: {'9' * 900_000}\n",
    "items in items": "- " * 400_000,
}


@pytest.mark.parametrize("text", GROWING.values(), ids=GROWING)
def test_r14_small_files_that_grow_are_refused(text: str, tmp_path: Path) -> None:
    """Seen to fail: with the limit on depth lifted."""
    bomb = tmp_path / "bomb.yaml"
    bomb.write_text(text)
    with cheaply_refused():
        read_study(bomb)

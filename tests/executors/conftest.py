"""A run of made-up shards in this process, which the others are compared with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import otsim.study
import otsim.work
from executors import synthetic_shards
from executors.synthetic_shards import MARK, files, made_up, run_made_up


@pytest.fixture
def shards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Any], Path]:
    """Let runs compute shards by another function; returns where dying workers leave a line."""

    def use(function: Any) -> Path:
        monkeypatch.setenv(MARK, str(tmp_path / "deaths"))
        # where workers that are not started by Python's own means find the tests
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
        monkeypatch.setattr(otsim.work, "computed_shard", function)
        monkeypatch.setattr(otsim.study, "MAX_DIVERGED_SHARE", 1.0)  # some made-up twins diverge
        return tmp_path / "deaths"

    return use


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of that run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(otsim.work, "computed_shard", made_up)
        patch.setattr(otsim.study, "MAX_DIVERGED_SHARE", 1.0)
        out = tmp_path_factory.mktemp("made_up") / "run"
        assert run_made_up(out, workers=1) is None
    assert len(files(out)) > synthetic_shards.SHARDS
    return files(out)

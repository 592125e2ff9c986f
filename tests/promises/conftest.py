"""A finished run that the promises are tried on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from otsim.store import RunReader
from otsim.store.manifests import Manifest, commit_with_manifest
from store.synthetic_run import finished_run, study_of


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a page, which would take long to render; tests take copies of it."""
    run = finished_run(tmp_path_factory.mktemp("promised") / "run", study_of())
    facts = RunReader.at(run).facts
    claim = Manifest(file="report.html", run_id=facts.run_id, first=0, count=facts.twins)
    commit_with_manifest(run, claim, b"<!doctype html><title>A run</title>")
    return run


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Copies of that run, by name."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(finished, tmp_path / name))

    return copy

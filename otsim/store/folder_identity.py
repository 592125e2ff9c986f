"""Whose folder is it: refuse what is no run, or the run of another study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from otsim.errors import SimulationError
from otsim.store.commit import storing
from otsim.store.folder_lock import is_lock_file
from otsim.store.run_identity import config_sha256, run_id, versions
from otsim.store.run_reader import RUN_FILE, RunFacts

if TYPE_CHECKING:
    from otsim.config.study import Study

__all__ = ["facts_of", "refuse_foreign", "refuse_other_study"]


def facts_of(study: Study, *, device: str = "cpu") -> RunFacts:
    """What a run of this study writes into its `run.json`."""
    return RunFacts(
        run_id=run_id(study),
        config_sha256=config_sha256(study),
        versions=versions(),
        device=device,
        seed=study.simulation.seed,
        precision=study.simulation.precision,
        twins=study.simulation.twins,
        shard_size=study.simulation.shard_size,
    )


def refuse_foreign(path: Path) -> None:
    """Refuse links, files, and folders that hold something else than a run.

    Raises:
        SimulationError: saying what stands there.
    """
    with storing(path):
        if path.is_symlink():
            raise SimulationError(f"{path}: is a symbolic link; give the folder that it points to")
        if path.exists() and not path.is_dir():
            raise SimulationError(f"{path}: is a file; give a folder that is new or of this study")
        if not path.exists() or (path / RUN_FILE).exists():
            return
        others = {found.name for found in path.iterdir()}
    foreign = sorted(
        name for name in others if not name.startswith(".tmp-") and not is_lock_file(name)
    )
    if foreign:
        raise SimulationError(
            f"{path}: holds {foreign[0]!r} but no run; give a folder that is new or empty"
        )


def refuse_other_study(path: Path, found: RunFacts, wanted: RunFacts) -> None:
    """Refuse a folder whose twins are not those of the wanted run, or are more.

    Raises:
        SimulationError: saying which of the two, and what to do.
    """
    holds = f"{path}: holds run {found.run_id}"
    elsewhere = "choose another --out"
    if found.config_sha256 != wanted.config_sha256:
        raise SimulationError(
            f"{holds} of another study, or the study has changed since; {elsewhere}"
        )
    if replace(found, twins=1, shard_size=1) != replace(wanted, twins=1, shard_size=1):
        computed = f"computed by {_computed_by(found)}, not {_computed_by(wanted)}"
        raise SimulationError(f"{holds}, {computed}; {elsewhere}")
    if found.twins > wanted.twins:
        asked = f"with {found.twins} twins, and {wanted.twins} are asked for"
        raise SimulationError(f"{holds} {asked}; ask for at least {found.twins} or {elsewhere}")


def _computed_by(facts: RunFacts) -> str:
    known = facts.versions
    return f"otsim {known.get('otsim', '?')} with jax {known.get('jax', '?')} on {facts.device}"

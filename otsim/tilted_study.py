"""Studies that ask for importance sampling, with their draws tilted by pilot runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from otsim.config import Study
from otsim.errors import OtsimError

__all__ = ["tilted"]


def tilted(study: Study, out: Path, *, log: Callable[[str], None] = lambda line: None) -> Study:
    """Return the study as it is to be run: with a tilt, if it asks for one and has none.

    A run that is gone on with keeps the tilt that it has; else pilot runs find one.

    Args:
        study: as read.
        out: the run folder, there or not.
        log: told what is worth a line.

    Raises:
        SimulationError: the pilot runs found nothing to tilt to.
    """
    if study.simulation.sampling == "plain" or study.simulation.tilt is not None:
        return study
    known = _known(study, out)
    if known is not None:
        return known
    from otsim.attack import compile_attack
    from otsim.rare_events.tail_pilot import PILOT_SIZES, found_tilt, with_tilt
    from otsim.work import in_less_memory

    log(f"importance sampling: {sum(PILOT_SIZES)} pilot twins find how to draw")
    attack, text = compile_attack(study), study.model_dump_json()
    return with_tilt(
        study, in_less_memory(text, lambda twins: found_tilt(study, attack, twins, log=log))
    )


def _known(study: Study, out: Path) -> Study | None:
    """Return the study with the tilt of a run of it in this folder, if there is one."""
    from otsim.rare_events.tail_pilot import with_tilt
    from otsim.store import RunReader
    from otsim.store.run_identity import config_sha256

    try:
        stored = RunReader.at(out).study()
    except OtsimError:
        return None
    if config_sha256(with_tilt(stored, None)) != config_sha256(study):
        return None
    return with_tilt(study, stored.simulation.tilt)

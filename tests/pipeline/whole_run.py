"""A shortened study, and what the tests of whole runs look at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from otsim.config import Study, read_study
from otsim.store import RunReader
from otsim.store.folder_lock import LOCK_FILES

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "configs" / "studies" / "te_campaign.yaml"
# most campaigns by those who want to destroy, so that few twins show every ending
SHORT = (
    "plant.horizon_h=3",
    "attackers.profiles.opportunist.share=0.2",
    "attackers.profiles.crew.share=0.2",
    "attackers.profiles.state.share=0.6",
    "uncertainty=[{key: loss.margin_per_hour, low: 4000, high: 14000}]",
    "report.return_periods=[10, 100]",
)
TWINS, SHARD = 192, 32
# nobody ever touches the plant, so that nothing of it is compiled
IDLE = ("attackers.frequency.count=attempts", "attackers.budget_d=1.0e-6")


def short_study(*overrides: str, twins: int = TWINS, shard_size: int = SHARD) -> Study:
    """Read the shipped study, cut short."""
    size = (f"simulation.twins={twins}", f"simulation.shard_size={shard_size}")
    return read_study(STUDY, [*SHORT, *size, *overrides])


def command_line(out: Path, *options: str) -> list[str]:
    """Return the arguments of `otsim` that run the same study as `short_study`."""
    size = (f"simulation.twins={TWINS}", f"simulation.shard_size={SHARD}")
    laid_over = [part for value in (*SHORT, *size) for part in ("-s", value)]
    return ["run", str(STUDY), "--out", str(out), *laid_over, *options]


def hashes(run: Path) -> dict[str, str]:
    """Return the hash of every file of a run but `run.json`, which tells the time."""
    return {
        path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name != "run.json" and path.name not in LOCK_FILES
    }


def events_of(run: Path) -> pa.Table:
    """Return the rows of the event table without their metadata."""
    return RunReader.at(run).read_events().replace_schema_metadata(None)


def rows_with(run: Path, **wanted: Any) -> Iterator[dict[str, Any]]:
    """Find event rows by the values of some columns."""
    for row in events_of(run).to_pylist():
        if all(row[name] == value for name, value in wanted.items()):
            yield row

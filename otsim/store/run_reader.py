"""Reading a run folder: manifests are trusted, nothing else."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.errors import StorageError
from otsim.store.commit import read_bytes, seal_of, storing
from otsim.store.manifests import Manifest, manifest_path, read_manifest, trusted_bytes
from otsim.store.parquet_files import table_from
from otsim.store.places import is_local

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.config.study import Study

__all__ = ["RunFacts", "RunReader", "read_facts", "shard_file", "table_file"]

RUN_SCHEMA = "run/1.0.0"
RUN_FILE, STUDY_FILE, SUCCESS_FILE = "run.json", "study.yaml", "_SUCCESS"


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What `run.json` says of the run, without the clock.

    Attributes:
        run_id: hash of what decides a twin.
        config_sha256: hash of the study alone.
        versions: of otsim, jax and the result tables.
        device: kind of device that computes: cpu, gpu.
        seed: the study's seed.
        precision: float32 or float64.
        twins: planned number of twins.
        shard_size: twins in a full shard.
    """

    run_id: str
    config_sha256: str
    versions: Mapping[str, str]
    device: str
    seed: int
    precision: str
    twins: int
    shard_size: int

    @property
    def n_shards(self) -> int:
        """Number of planned shards; the last one may be short."""
        return -(-self.twins // self.shard_size)

    def twins_of(self, shard: int) -> range:
        """The twin numbers of a shard."""
        first = shard * self.shard_size
        return range(first, min(first + self.shard_size, self.twins))


def shard_file(shard: int) -> str:
    """Path of a shard inside the run folder."""
    return f"events/shard-{shard:05d}.parquet"


def table_file(name: str) -> str:
    """Path of a table inside the run folder."""
    return f"tables/{name}.parquet"


def read_facts(run: Path) -> RunFacts:
    """Read `run.json`.

    Raises:
        StorageError: it is missing, unreadable or not what otsim writes.
    """
    path = run / RUN_FILE
    with storing(path):
        if not path.is_file():
            raise StorageError(
                f"{run}: no run folder (it holds no run.json); give one of otsim run"
            )
        data = path.read_bytes()
    try:
        given = json.loads(data)
        facts = RunFacts(**{name: given[name] for name in RunFacts.__annotations__})
        sound = given["schema"] == RUN_SCHEMA and _sound(facts)
    except (ValueError, TypeError, KeyError, RecursionError):
        sound = False
    if not sound:
        raise StorageError(f"{path}: damaged or of another otsim; run the study into a new --out")
    return facts


def _sound(facts: RunFacts) -> bool:
    texts = (facts.run_id, facts.config_sha256, facts.device, facts.precision)
    numbers = (facts.seed, facts.twins, facts.shard_size)
    return (
        all(type(text) is str for text in texts)
        and all(type(number) is int for number in numbers)
        and facts.twins >= 1
        and facts.shard_size >= 1
        and isinstance(facts.versions, dict)
        and all(type(text) is str for text in facts.versions.values())
    )


@dataclass(frozen=True, kw_only=True)
class RunReader:
    """A run folder as its manifests vouch for it.

    Attributes:
        path: the folder.
        facts: what `run.json` says.
    """

    path: Path
    facts: RunFacts

    @staticmethod
    def at(path: Path) -> RunReader:
        """Open a run folder for reading.

        Raises:
            StorageError: `path` is no run folder, or its `run.json` is damaged.
        """
        return RunReader(path=path, facts=read_facts(path))

    def study(self) -> Study:
        """Read the study as it was resolved.

        Raises:
            StorageError: `study.yaml` is not the file that was committed.
            ConfigError: this otsim does not understand it.
        """
        from otsim.config import read_study

        data = self._bytes(STUDY_FILE)
        if is_local(self.path):
            return read_study(self.path / STUDY_FILE)
        with tempfile.TemporaryDirectory(prefix="otsim-study-") as folder:
            copy = Path(folder) / STUDY_FILE
            copy.write_bytes(data)
            return read_study(copy)

    def missing_shards(self, among: Iterable[int] | None = None) -> dict[int, str]:
        """Shards still to compute, each with the reason; every committed byte is read.

        Args:
            among: which shards to look at; by default all.
        """
        looked_at = range(self.facts.n_shards) if among is None else among
        found = ((shard, self._fault(shard)) for shard in looked_at)
        return {shard: fault for shard, fault in found if fault is not None}

    def claims(self, shard: int) -> bool:
        """Tell whether a manifest of this run speaks of a shard, sound or not."""
        return self._own(shard_file(shard), self.facts.twins_of(shard)) is not None

    def given_up_shards(self, among: Iterable[int] | None = None) -> dict[int, str]:
        """Shards whose twins could not be computed and are quarantined, each with the reason.

        Args:
            among: which shards to look at; by default all.
        """
        looked_at = range(self.facts.n_shards) if among is None else among
        found = (
            (shard, self._own(shard_file(shard), self.facts.twins_of(shard))) for shard in looked_at
        )
        return {shard: own.given_up for shard, own in found if own is not None and own.given_up}

    def n_diverged(self) -> int:
        """Number of twins of the planned shards that diverged, as their manifests tell."""
        ranges = ((shard_file(k), self.facts.twins_of(k)) for k in range(self.facts.n_shards))
        found = (self._own(file, twins) for file, twins in ranges)
        return sum(own.quarantined for own in found if own is not None)

    def committed(self, shard: int) -> tuple[Manifest, bytes]:
        """Return a shard's manifest and its bytes, checked.

        Raises:
            StorageError: it is not committed, or damaged.
        """
        file = shard_file(shard)
        manifest = self._manifest(file, self.facts.twins_of(shard))
        self._table(file, manifest)
        return manifest, trusted_bytes(self.path, manifest)

    def events_columns(
        self, names: Sequence[str], *, optional: Sequence[str] = ()
    ) -> dict[str, npt.NDArray[Any]]:
        """Read some columns of the event table, in twin order, shard by shard.

        Args:
            names: of the columns.
            optional: more of them, where the table has them.

        Returns:
            [n_twins] each; nan and None for null. Equal texts are one object.

        Raises:
            StorageError: a shard is not committed, or damaged.
        """
        parts = [
            _columns(shard, [*names, *(name for name in optional if name in shard.column_names)])
            for shard in self.shards()
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def shard(self, shard: int) -> pa.Table:
        """Read one shard of the event table.

        Raises:
            StorageError: it is not committed, or damaged.
        """
        file = shard_file(shard)
        manifest = self._manifest(file, self.facts.twins_of(shard))
        return self._table(file, manifest)

    def shards(self) -> Iterator[pa.Table]:
        """Read the event table shard by shard, in twin order."""
        return (self.shard(shard) for shard in range(self.facts.n_shards))

    def read_events(self) -> pa.Table:
        """Read the whole event table, in twin order; its metadata is that of the first shard.

        Raises:
            StorageError: a shard is not committed, or damaged.
        """
        import pyarrow as pa

        shards = list(self.shards())
        metadata = shards[0].schema.metadata
        return pa.concat_tables([shard.replace_schema_metadata(metadata) for shard in shards])

    def table_names(self) -> tuple[str, ...]:
        """Names of the committed tables of the planned number of twins, sorted."""
        with storing(self.path):
            files = sorted(self.path.glob(table_file("*")))
        return tuple(path.stem for path in files if self._own(table_file(path.stem)) is not None)

    def digest(self) -> str:
        """Return the hash over the manifests of all shards and tables, as `_SUCCESS` holds it.

        Raises:
            StorageError: a manifest cannot be read.
        """
        files = [shard_file(shard) for shard in range(self.facts.n_shards)]
        files += [table_file(name) for name in self.table_names()]
        manifests = [read_bytes(manifest_path(self.path, file)) for file in files]
        return seal_of(b"".join(manifests)).sha256

    def read_table(self, name: str) -> pa.Table:
        """Read a result table by its name, such as `ept` or `twin-worst`.

        Raises:
            StorageError: it is not committed for the planned number of twins, or damaged.
        """
        file = table_file(name)
        return self._table(file, self._manifest(file, range(self.facts.twins)))

    def _own(self, file: str, twins: range | None = None) -> Manifest | None:
        planned = range(self.facts.twins) if twins is None else twins
        found = read_manifest(self.path, file)
        if found is None or found.run_id != self.facts.run_id:
            return None
        return found if (found.first, found.count) == (planned.start, len(planned)) else None

    def _manifest(self, file: str, twins: range) -> Manifest:
        found = self._own(file, twins)
        if found is None:
            raise StorageError(
                f"{self.path / file}: not committed; run the same study again to complete the run"
            )
        return found

    def _bytes(self, file: str) -> bytes:
        return trusted_bytes(self.path, self._manifest(file, range(self.facts.twins)))

    def _table(self, file: str, manifest: Manifest) -> pa.Table:
        data = trusted_bytes(self.path, manifest)
        with storing(self.path / file):
            table = table_from(data)
        if table.num_rows != manifest.rows:
            raise StorageError(f"{self.path / file}: {table.num_rows} rows, not {manifest.rows}; "
                               "run the same study again to recompute it")  # fmt: skip
        return table

    def _fault(self, shard: int) -> str | None:
        """Why a shard cannot be trusted; None where it can."""
        file = shard_file(shard)
        manifest = self._own(file, self.facts.twins_of(shard))
        if manifest is None:
            return "not committed"
        try:
            self._table(file, manifest)
        except StorageError as error:
            return str(error)
        return None


def _columns(shard: pa.Table, names: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    import pyarrow as pa

    found = {}
    for name in names:
        column = shard.column(name)
        if pa.types.is_string(column.type):
            coded = column.combine_chunks().dictionary_encode()
            words = np.array([*(sys.intern(w) for w in coded.dictionary.to_pylist()), None], object)
            found[name] = words[coded.indices.fill_null(len(words) - 1).to_numpy()]
        else:
            found[name] = column.to_numpy(zero_copy_only=False)
    return found


def json_line(value: Mapping[str, Any]) -> bytes:
    """Encode a small file the same way each time."""
    return f"{json.dumps(value, sort_keys=True, indent=1)}\n".encode()

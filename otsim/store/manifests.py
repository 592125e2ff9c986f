"""Manifests: the only proof that a file is whole and belongs to this run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from otsim.errors import StorageError
from otsim.store.commit import Seal, commit_bytes, read_bytes, seal_of

__all__ = [
    "Manifest",
    "commit_with_manifest",
    "manifest_bytes",
    "manifest_path",
    "read_manifest",
    "trusted_bytes",
]

FOLDER = "_manifest"
_SCHEMA = "manifest/1.0.0"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What was committed.

    Attributes:
        file: path of the file inside the run folder, with forward slashes.
        run_id: the run it belongs to.
        first, count: the range of twin numbers that it speaks of.
        rows: rows of the table.
        quarantined: how many of these twins diverged.
        n_bytes, sha256: the seal of the file.
        given_up: why these twins could not be computed; "" where they could.
    """

    file: str
    run_id: str
    first: int
    count: int
    rows: int = 0
    quarantined: int = 0
    n_bytes: int = 0
    sha256: str = ""
    given_up: str = ""

    @property
    def seal(self) -> Seal:
        """Size and hash of the file."""
        return Seal(n_bytes=self.n_bytes, sha256=self.sha256)


def manifest_path(run: Path, file: str) -> Path:
    """Where the manifest of `file` stands: `_manifest/shard-00000.json`, `_manifest/ept.json`."""
    return run / FOLDER / f"{Path(file).stem}.json"


def commit_with_manifest(run: Path, claim: Manifest, data: bytes) -> Manifest:
    """Commit a file, then its manifest; only the second makes the first exist for readers.

    Args:
        run: the run folder.
        claim: the manifest but for the seal.
        data: what the file shall hold.

    Raises:
        StorageError: one of the two could not be written; the old state stays in force.
    """
    seal = commit_bytes(run / claim.file, data)
    manifest = replace(claim, n_bytes=seal.n_bytes, sha256=seal.sha256)
    commit_bytes(manifest_path(run, claim.file), manifest_bytes(manifest))
    return manifest


def manifest_bytes(manifest: Manifest) -> bytes:
    """Encode a manifest, the same way each time."""
    text = json.dumps({"schema": _SCHEMA, **asdict(manifest)}, sort_keys=True, indent=1)
    return f"{text}\n".encode()


def read_manifest(run: Path, file: str) -> Manifest | None:
    """Return the manifest of `file`, or None where it is absent or makes no sense."""
    try:
        given = json.loads(manifest_path(run, file).read_bytes())
        if given.pop("schema") != _SCHEMA:
            return None
        manifest = Manifest(**given)
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    types = Manifest.__annotations__
    sound = all(type(value).__name__ == types[name] for name, value in asdict(manifest).items())
    return manifest if sound and manifest.file == file else None


def trusted_bytes(run: Path, manifest: Manifest) -> bytes:
    """Read the file of a manifest and hold it against the seal.

    Raises:
        StorageError: it is missing, or not the file that was committed.
    """
    path = run / manifest.file
    data = read_bytes(path)
    if seal_of(data) != manifest.seal:
        raise StorageError(
            f"{path}: not the file that was committed (size or hash differs); "
            "run the same study again to recompute it"
        )
    return data

"""Whether `run.json` says what the sealed files say: it has no manifest of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from otsim.store.run_identity import RESULT_SCHEMA, versions
from otsim.store.run_reader import RUN_FILE, RunFacts, json_line

__all__ = ["facts_fault", "provenance_fault"]


def facts_fault(facts: RunFacts, data: bytes) -> str | None:
    """Say how `run.json` is not as otsim writes it.

    Args:
        facts: as read from it.
        data: its bytes.
    """
    given = json.loads(data)
    try:
        for key in ("created_utc", "updated_utc"):
            datetime.fromisoformat(given[key])
        sound = isinstance(given["notes"], dict) and json_line(given) == data
    except (KeyError, TypeError, ValueError):
        sound = False
    if not sound:
        return "damaged: not as otsim writes it"
    results = facts.versions.get("results")
    if facts.versions.get("otsim") == versions()["otsim"] and results != RESULT_SCHEMA:
        return f"damaged: result tables {results}, not {RESULT_SCHEMA}"
    return None


def provenance_fault(metadata: Mapping[bytes, bytes], facts: RunFacts | None) -> str | None:
    """Say where the metadata of a Parquet file and `run.json` contradict each other.

    Args:
        metadata: of the file's schema.
        facts: of `run.json`; None where it cannot be read.
    """
    if facts is None:
        return None
    known = {
        "version": facts.versions.get("otsim"),
        "jax": facts.versions.get("jax"),
        "run_id": facts.run_id,
        "config_sha256": facts.config_sha256,
        "seed": str(facts.seed),
        "precision": facts.precision,
        "device": facts.device,
    }
    for name, said in known.items():
        stored = metadata.get(f"otsim.{name}".encode(), b"").decode("utf-8", "replace")
        if stored != said:
            return f"it says {name} {stored or 'nothing'}, {RUN_FILE} says {said}"
    return None

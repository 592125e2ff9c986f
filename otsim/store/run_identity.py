"""The name of a run: a hash of everything that decides what a twin does and costs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, RootModel

import otsim

if TYPE_CHECKING:
    from otsim.config.study import Study

__all__ = ["RESULT_SCHEMA", "config_sha256", "run_id", "versions"]

RESULT_SCHEMA = "1.0.0"
"""Version of the result tables: major on a rename, minor on a new column."""

_WORDS = frozenset({"title", "description", "source", "sources"})
_NOT_DECISIVE = frozenset({"report", "uncertainty", "sweep"})
_NOT_DECISIVE_SIMULATION = frozenset({"twins", "shard_size", "batch"})
_ID_LENGTH = 16


def versions() -> dict[str, str]:
    """Versions that decide the bits of a result."""
    return {"otsim": otsim.__version__, "jax": version("jax"), "results": RESULT_SCHEMA}


def config_sha256(study: Study) -> str:
    """Hash of the study without its prose and without what leaves each twin as it is.

    Left out are titles, descriptions and sources, the number of twins, shard and batch size, the
    report block and the tornado's ranges: a run may grow and its page may change.
    """
    blocks = [pair for pair in _decisive(study) if pair[0] not in _NOT_DECISIVE]
    for name, block in blocks:
        if name == "simulation":
            block[:] = [pair for pair in block if pair[0] not in _NOT_DECISIVE_SIMULATION]
    return _sha256(blocks)


def run_id(study: Study) -> str:
    """16 hex digits that name a run: the study's hash with the versions that computed it."""
    known = versions()
    major = known["results"].partition(".")[0]
    return _sha256([config_sha256(study), known["otsim"], known["jax"], major])[:_ID_LENGTH]


def _sha256(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _decisive(value: Any) -> Any:
    """Turn models into lists of pairs, in order: the order of names may decide a draw."""
    if isinstance(value, RootModel):
        return _decisive(value.root)
    if isinstance(value, BaseModel):
        names = [name for name in type(value).model_fields if name not in _WORDS]
        return [[name, _decisive(getattr(value, name))] for name in names]
    if isinstance(value, Mapping):
        return [[str(name), _decisive(below)] for name, below in value.items()]
    if isinstance(value, list | tuple):
        return [_decisive(below) for below in value]
    return value

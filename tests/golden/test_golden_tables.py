"""The tables of a small study against the expected ones; `make golden` writes those again."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from otsim.store import RunReader
from otsim.study import run_study
from pipeline.whole_run import short_study

EXPECTED = Path(__file__).parent / "expected_tables.json"
NAMES = ("alt", "alct", "ept", "contributions", "probabilities", "physical", "baseline")
# Between processors and versions of the compiler, a twin in float64 may end a second earlier or
# later (1e-4 of its life) where it runs away; sums over twins move by less than this.
RELATIVE, ABSOLUTE = 1e-3, 1e-9


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The tables of a run, in float64 so that rounding decides nothing."""
    out = tmp_path_factory.mktemp("runs") / "golden"
    run_study(short_study("simulation.precision=float64", twins=256), out, workers=1)
    reader = RunReader.at(out)
    return {name: reader.read_table(name).to_pylist() for name in NAMES}


def test_tables_are_the_expected_ones(tables: dict[str, list[dict[str, Any]]]) -> None:
    if os.environ.get("OTSIM_WRITE_GOLDEN") == "1":
        EXPECTED.write_text(json.dumps(tables, indent=1, ensure_ascii=False) + "\n")
    expected = json.loads(EXPECTED.read_text())
    assert list(expected) == list(tables)
    for name, rows in tables.items():
        assert len(rows) == len(expected[name]), name
        for got, want in zip(rows, expected[name], strict=True):
            assert list(got) == list(want), name
            for column in want:
                assert close(got[column], want[column]), (name, want, column, got[column])


def close(got: Any, want: Any) -> bool:
    if isinstance(want, float) and isinstance(got, float):
        return math.isclose(got, want, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(got == want)


@pytest.mark.parametrize(
    ("got", "want", "same"),
    [(1.0, 1.0005, True), (1.0, 1.01, False), (None, 1.0, False), ("a", "b", False), (2, 2, True)],
)
def test_the_comparison_tells_apart(got: Any, want: Any, *, same: bool) -> None:
    assert close(got, want) is same

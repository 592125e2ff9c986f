"""R8: code of one twin adds up nothing whose order the compiler may choose."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.whole_run import ROOT

KERNELS = ROOT / "kernels" / "otsim_kernels"
# A network adds up over its junctions, in blocks of one width (otsim/simulate/network_lives.py);
# the drivers work on whole blocks, between ticks. Whole-number sums have one value in any order.
TWIN_CODE = sorted(
    [*(KERNELS / "plants" / "tennessee_eastman").glob("*.py"), *KERNELS.glob("*.py")]
)
REDUCTIONS = frozenset(
    {"dot", "vdot", "inner", "matmul", "einsum", "tensordot", "dot_general", "sum", "nansum",
     "mean", "average", "prod", "cumsum", "cumprod", "linalg", "segment_sum", "var", "std",
     "histogram"}
)  # fmt: skip
WHOLE_NUMBERS = frozenset({"int32", "int64", "uint32"})
ON_NAMES = {"distributions.py": {"cumsum"}}  # over lengths of lists, before anything is compiled


def reductions(source: str, allowed: frozenset[str] = frozenset()) -> Iterator[str]:
    """Find calls that add up along an axis of floating-point numbers."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield f"line {node.lineno}: @"
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name = node.func.attr
        if name in REDUCTIONS and name not in allowed and not _of_whole_numbers(node):
            yield f"line {node.lineno}: {name}"


def _of_whole_numbers(call: ast.Call) -> bool:
    kinds = [key.value for key in call.keywords if key.arg == "dtype"]
    return any(isinstance(kind, ast.Attribute) and kind.attr in WHOLE_NUMBERS for kind in kinds)


@pytest.mark.parametrize("path", TWIN_CODE, ids=lambda path: path.name)
def test_r08_twin_code_has_no_reduction(path: Path) -> None:
    """Seen to fail: with `jnp.sum` in a vessel's balance."""
    allowed = frozenset(ON_NAMES.get(path.name, set()))
    assert list(reductions(path.read_text("utf-8"), allowed)) == []


@pytest.mark.parametrize(
    "line",
    ["jnp.dot(a, b)", "a @ b", "(w * c).sum(-1)", "jnp.einsum('i,i', a, b)", "x.mean()",
     "jnp.sum(a, dtype=jnp.float32)"],
)  # fmt: skip
def test_r08_a_reduction_is_found(line: str) -> None:
    """Seen to fail: without the look at operators, and with any `dtype` taken for a whole one."""
    assert len(list(reductions(line))) == 1


def test_r08_whole_numbers_may_be_added() -> None:
    """Seen to fail: without the look at the type."""
    assert list(reductions("hits.sum(axis=0, dtype=jnp.int32)")) == []

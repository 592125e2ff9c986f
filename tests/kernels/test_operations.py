"""Tracing to a flat list, keeping what is shared, writing C: the same numbers each time."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import pytest

from kernels.tank import NOISY_TANK, Loop
from kernels.tank import Act as TankAct
from otsim_kernels.drivers.c_source import C_PRELUDE, NotElementwiseError, c_body, c_type, literal
from otsim_kernels.drivers.materialise import materialised, worth_keeping
from otsim_kernels.drivers.operations import Program, traced
from otsim_kernels.drivers.time_loop import one_tick_of
from otsim_kernels.noise import standard_normal
from physics.te_twins import Twins

N = 48
GCC = shutil.which("gcc")
needs_gcc = pytest.mark.skipif(GCC is None, reason="no C compiler on this machine")


@jax.jit
def _dear(x: Any) -> Any:
    return jnp.exp(x) / (1.0 + x * x)


def shares(x: Any, y: Any) -> Any:
    """A dear value that three outputs need, a repetition, and something that nobody reads."""
    a, b = _dear(x), _dear(x)
    _ = jnp.log(y)
    return {"sum": a + y, "product": b * y, "chosen": jnp.where(y > 0.0, a, y)}


def inputs() -> tuple[Any, Any]:
    rng = np.random.default_rng(4)
    return tuple(jnp.asarray(rng.normal(size=N), jnp.float32) for _ in range(2))


def names(program: Program) -> list[str]:
    return [operation.name for operation in program.operations]


def test_calls_are_opened_and_repetitions_and_unread_values_dropped() -> None:
    program, _ = traced(shares, *inputs())
    assert names(program).count("exp") == 1
    assert names(program).count("div") == 1
    assert "log" not in names(program)
    assert not {"jit", "pjit"}.intersection(names(program))


def test_shared_dear_values_are_kept_and_cheap_ones_are_not() -> None:
    program, _ = traced(shares, *inputs())
    kept = worth_keeping(program, 6.0)
    by = {op.outputs[0]: op.name for op in program.operations}
    assert [by[value] for value in kept] == ["div"]
    assert not worth_keeping(program, 1e6)


@pytest.mark.parametrize("least_saving", [0.0, 6.0, 1e6])
def test_kept_values_change_no_result(least_saving: float) -> None:
    want = shares(*inputs())
    got = jax.jit(materialised(shares, least_saving=least_saving))(*inputs())
    assert set(got) == set(want)
    for name in want:
        np.testing.assert_allclose(got[name], want[name], rtol=1e-6)


def test_the_plant_is_computed_hardly_more_than_once() -> None:
    """Without barriers each output would compute all that it needs: dozens of times as much."""
    twins = Twins([[]] * 32, points=())
    program, _ = traced(
        lambda state, plan, rare: one_tick_of(twins.table, twins.taps)(state, plan, rare, {}),
        twins.state, twins.plan, np.bool_(False),
    )  # fmt: skip
    assert _work(program, worth_keeping(program, 6.0)) < 1.6 * len(program.operations)
    assert _work(program, frozenset()) > 20.0 * len(program.operations)


def _work(program: Program, kept: frozenset[Any]) -> int:
    """Count the operations that are emitted where every output and kept value has its own loop."""
    makers = {value: op for op in program.operations for value in op.outputs}
    roots = {*program.outputs, *kept}
    total = 0
    for root in roots.intersection(makers):
        seen, todo = set(), [root]
        while todo:
            op = makers[todo.pop()]
            if op in seen:
                continue
            seen.add(op)
            todo += [v for v in op.inputs if v in makers and (v not in kept and v is not root)]
        total += len(seen)
    return total


def odd_ones(x: Any, y: Any, i: Any, u: Any, yes: Any) -> Any:
    """What plants and draws use, each kind of number."""
    turned = (u << np.uint32(13)) | (u >> np.uint32(19))
    opened = jax.lax.cond(yes, lambda a: (a * 2.0, a + 1.0), lambda a: (a, jnp.maximum(a, 0.5)), x)
    return (
        jnp.exp(x) + jnp.log(jnp.abs(y) + 1.0), jnp.sqrt(jnp.abs(x)) / (y + 3.0), x**3, -x,
        jnp.minimum(x, y), jnp.clip(x, -0.5, 0.5), jnp.where(x > y, x, y),
        jnp.isfinite(x / jnp.where(y > 0.0, y, 0.0)),
        jax.lax.rem(i, jnp.int32(7)), (i > 3) & ~(i > 9), turned ^ u, (u >> 9).astype(jnp.float32),
        x.astype(jnp.int32), *opened, jnp.full_like(i, 2**31 - 1), jnp.full_like(x, jnp.inf),
        jax.lax.bitcast_convert_type(x, jnp.int32) >> 23, standard_normal(u, jnp.float32),
    )  # fmt: skip


@needs_gcc
@pytest.mark.parametrize("yes", [False, True])
def test_c_computes_what_jax_does(tmp_path: Path, *, yes: bool) -> None:
    rng = np.random.default_rng(5)
    args = (
        *inputs(), jnp.asarray(rng.integers(-20, 20, N), jnp.int32),
        jnp.asarray(rng.integers(0, 2**32, N, dtype=np.uint32)), jnp.bool_(yes),
    )  # fmt: skip
    _same_in_c(tmp_path, odd_ones, args)


@needs_gcc
def test_nan_comes_through_in_c(tmp_path: Path) -> None:
    x, y = inputs()
    args = (x.at[::3].set(jnp.nan), y.at[::4].set(jnp.nan))
    _same_in_c(
        tmp_path,
        lambda a, b: (jnp.maximum(a, b), jnp.minimum(a, b), jnp.clip(a, -0.5, 0.5),
                      jnp.isfinite(a + b), jnp.where(a > b, a, b)),
        args,
    )  # fmt: skip


@needs_gcc
def test_a_tick_of_the_tank_in_c(tmp_path: Path) -> None:
    filling = TankAct(kind="override", group="command", index=0, value=10.0)
    loop = Loop(filling, twins=range(N), plant=NOISY_TANK)
    one_tick = one_tick_of(NOISY_TANK, loop.taps)
    _same_in_c(
        tmp_path, lambda s, p, r: one_tick(s, p, r, {})[0], (loop.state, loop.plan, np.bool_(True))
    )


@pytest.mark.slow
@needs_gcc
@pytest.mark.parametrize("rare", [False, True])
def test_a_tick_of_tennessee_eastman_in_c(tmp_path: Path, *, rare: bool) -> None:
    twins = Twins([[]] * N, points=())
    one_tick = one_tick_of(twins.table, twins.taps)
    args = (twins.advance(360), twins.plan, np.bool_(rare))
    _same_in_c(tmp_path, lambda s, p, r: one_tick(s, p, r, {})[0], args)


def _same_in_c(folder: Path, function: Any, args: Any) -> None:
    want = [np.asarray(leaf) for leaf in jax.tree.leaves(jax.jit(function)(*args))]
    program, _ = traced(function, *args)
    got = run_in_c(folder, program, jax.tree.leaves(args), want)
    for a, b in zip(got, want, strict=True):
        if b.dtype.kind == "f":
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)
        else:
            np.testing.assert_array_equal(a, b)


def run_in_c(
    folder: Path, program: Program, leaves: list[Any], want: list[npt.NDArray[Any]]
) -> list[npt.NDArray[Any]]:
    """Compile a program without any option that changes numbers, and run it twin by twin."""
    read = [
        f"(({c_type(value)} *)in[{k}])[{'i' if np.ndim(leaf) else '0'}]"
        for k, (value, leaf) in enumerate(zip(program.inputs, leaves, strict=True))
    ]
    kinds = [c_type(value) for value in program.outputs]
    body = c_body(program, read, lambda k, value: f"(({kinds[k]} *)out[{k}])[i] = {value};")
    source = folder / "tick.c"
    source.write_text(
        f"#include <math.h>\n{C_PRELUDE}\n"
        "void run(void **in, void **out, int n) {\n"
        "for (int i = 0; i < n; i++) {\n" + "\n".join(body) + "\n}}\n"
    )
    library = folder / "tick.so"
    command = [str(GCC), "-O1", "-shared", "-fPIC", "-Wall", "-Werror", "-Wno-unused-variable"]
    subprocess.run([*command, "-o", str(library), str(source), "-lm"], check=True)
    given = [
        np.ascontiguousarray(leaf, np.int32 if np.asarray(leaf).dtype == bool else None)
        for leaf in leaves
    ]
    made = [np.zeros(N, np.int32 if array.dtype == bool else array.dtype) for array in want]
    ctypes.CDLL(str(library)).run(_pointers(given), _pointers(made), N)
    return [
        (array.astype(want_.dtype) if np.ndim(want_) else array[0].astype(want_.dtype))
        for array, want_ in zip(made, want, strict=True)
    ]


def _pointers(arrays: list[npt.NDArray[Any]]) -> Any:
    return (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float32(0.1), "(0.100000001f)"), (np.float64(0.1), "(0.10000000000000001)"),
        (np.float32(3), "(3.0f)"), (np.float32(1e-30), "(1e-30f)"),
        (np.float32(np.inf), "INFINITY"), (np.float64(-np.inf), "(-INFINITY)"),
        (np.float32(np.nan), "NAN"), (np.int32(-5), "(-5)"), (np.bool_(True), "1"),
        (np.int32(-(2**31)), "(-2147483647 - 1)"), (np.uint32(2**32 - 1), "4294967295u"),
    ],
)  # fmt: skip
def test_constants_keep_every_bit(value: Any, text: str) -> None:
    assert literal(value) == text


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (jnp.cumsum, "cumsum"),
        (lambda x: x * np.arange(N, dtype=np.float32), "constant array"),
        (lambda x: (x[:, None] * np.ones(2, np.float32)).sum(axis=1), "shape"),
        (lambda x: x.astype(jnp.int8), "int8"),
        (lambda x: x.astype(jnp.int32).astype(jnp.uint32).view(jnp.float32), "bitcast"),
        (lambda x: jax.lax.select_n(x.astype(jnp.int32), x, x, x), "select_n"),
    ],
)
def test_what_is_not_elementwise_is_named(function: Any, named: str) -> None:
    program, _ = traced(function, inputs()[0])
    with pytest.raises(NotElementwiseError, match=named):
        c_body(program, ["x"], lambda _, value: value)


@jax.custom_vjp
def _clipped(x: Any) -> Any:
    return jnp.clip(x, -0.5, 0.5)


_clipped.defvjp(lambda x: (_clipped(x), None), lambda _, g: (g,))


def test_functions_with_a_gradient_of_their_own_are_opened() -> None:
    x, _ = inputs()
    program, _ = traced(lambda x: _clipped(x) + 1.0, x)
    assert not [name for name in names(program) if "custom" in name]
    got = jax.jit(materialised(lambda x: _clipped(x) + 1.0))(x)
    np.testing.assert_allclose(got, np.clip(x, -0.5, 0.5) + 1.0, rtol=1e-6)


def test_a_print_is_kept_though_nobody_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    def talks(x: Any) -> Any:
        jax.debug.print("first is {}", x[0])
        return x + 1.0

    x, _ = inputs()
    jax.block_until_ready(jax.jit(materialised(talks))(x))
    jax.effects_barrier()
    assert capsys.readouterr().out.startswith("first is ")

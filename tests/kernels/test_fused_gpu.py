"""The fused GPU driver without a GPU: its kernel run on the CPU, and compiled for the GPU."""

from __future__ import annotations

import ctypes
import importlib.util
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from kernels.tank import NOISY_TANK, Loop
from kernels.tank import Act as TankAct
from kernels.test_drivers import POINTS, mixed_acts
from otsim_kernels.control_loop import RUNNING, TRIPPED
from otsim_kernels.drivers import fast_cpu, reference
from otsim_kernels.drivers.cuda_source import ENTRY, FusedSource, fused_source, packed, unpacked
from otsim_kernels.drivers.time_loop import first_history
from physics.te_twins import Twins, xmv

GPP = shutil.which("g++")
HAS_NVRTC = importlib.util.find_spec("cuda") and importlib.util.find_spec("cuda.core")
needs_gpp = pytest.mark.skipif(GPP is None, reason="no C++ compiler on this machine")
needs_nvrtc = pytest.mark.skipif(
    not HAS_NVRTC, reason="no CUDA compiler here: pip install 'otsim[gpu-compile]'"
)
N = 64
# What CUDA adds to C++, for one thread after the other.
SHIM = """#include <math.h>
#include <string.h>
#include <stddef.h>
#define __global__
#define __device__
#define __forceinline__
#define __launch_bounds__(x)
#undef INFINITY
#undef NAN
struct { int x; } static blockIdx, blockDim = { 1 }, threadIdx;
static float __int_as_float(int x) { float y; memcpy(&y, &x, 4); return y; }
static int __float_as_int(float x) { int y; memcpy(&y, &x, 4); return y; }
"""


class OnTheCpu:
    """The kernel's text, compiled by g++ and called for each thread."""

    def __init__(self, folder: Path, source: FusedSource) -> None:
        self.source = source
        pointers = 3 * len(source.kinds) + len(source.tapes)
        types = re.search(rf"{ENTRY}\(\s*(.*?), const int n", source.text, re.DOTALL)
        assert types is not None
        casts = [parameter.rsplit("*", 1)[0] + "*" for parameter in types[1].split(",")]
        given = ", ".join(f"({cast})args[{k}]" for k, cast in enumerate(casts))
        assert len(casts) == pointers
        text = folder / "kernel.cpp"
        text.write_text(
            f"{SHIM}{source.text}\n"
            'extern "C" void run(void **args, int n, int first, int n_ticks) {\n'
            "  for (blockIdx.x = 0; blockIdx.x < n; blockIdx.x++)\n"
            f"    {ENTRY}({given}, n, first, n_ticks);\n}}\n"
        )
        library = folder / "kernel.so"
        command = [str(GPP), "-O1", "-w", "-shared", "-fPIC", "-o", str(library), str(text)]
        subprocess.run(command, check=True)
        self.run = ctypes.CDLL(str(library)).run

    def advance(self, state: Any, plan: Any, history: Any, n_ticks: int) -> tuple[Any, Any]:
        source, leaves, tree = self.source, *jax.tree.flatten(state)
        n = np.asarray(state.clock).size
        arrays: list[npt.NDArray[Any]] = []
        found = {}
        for kind in source.kinds:
            given = packed(leaves, source.state, kind, n)
            found[kind] = np.zeros_like(given)
            arrays += [given, found[kind], packed(jax.tree.leaves(plan), source.plan, kind, n)]
        tapes = {i: np.array(history[i]) for i in source.tapes}
        arrays += tapes.values()
        args = (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])
        first = int(np.asarray(state.tick))
        self.run(args, n, first, n_ticks)
        after = jax.tree.unflatten(tree, unpacked(found, source.state, leaves))
        return replace(after, tick=np.int32(first + n_ticks)), tapes


@needs_gpp
def test_the_tank_lives_as_under_the_reference_driver(tmp_path: Path) -> None:
    acts = [
        TankAct(kind="override", group="command", index=0, value=10.0, start=3, stop=9),
        TankAct(kind="replay", group="measurement", index=0, start=20, record_ticks=8),
    ]
    tanks = Loop(*acts, twins=range(N), plant=NOISY_TANK)
    given = {"state": tanks.state, "plan": tanks.plan, "history": tanks.history}
    source = fused_source(NOISY_TANK, tanks.taps, **given)
    got, tapes = OnTheCpu(tmp_path, source).advance(*given.values(), 60)
    want, history = tanks.state, tanks.history
    for _ in range(60):
        want, history = reference.advance(
            NOISY_TANK, tanks.taps, state=want, plan=tanks.plan, history=history,
            n_ticks=np.int32(1),
        )  # fmt: skip
    _close(got, want, 1e-6)
    _close(tapes, history, 1e-6)


@needs_gpp
@pytest.mark.parametrize("dtype", [np.float32, pytest.param(np.float64, marks=pytest.mark.slow)])
def test_tennessee_eastman_lives_as_under_the_fast_driver(tmp_path: Path, dtype: Any) -> None:
    """Twins that trip, run beyond their trips, replay and wander; past an analyser."""
    with jax.enable_x64(dtype == np.float64):
        twins = Twins(mixed_acts(N), points=POINTS, rupture=4000.0, dtype=dtype)
        given = {"state": twins.state, "plan": twins.plan, "history": twins.history}
        source = fused_source(twins.table, twins.taps, **given)
        got, tapes = OnTheCpu(tmp_path, source).advance(*given.values(), 2400)
        twins.advance(1800)
        want, history = twins.advance(600), twins.history
    assert set(np.asarray(want.ending.status)) >= {RUNNING, TRIPPED}
    np.testing.assert_array_equal(got.ending.status, want.ending.status)
    ends = np.abs(np.asarray(got.ending.end, float) - np.asarray(want.ending.end, float))
    assert np.all(ends <= (1.0 if dtype == np.float32 else 0.0))
    if dtype == np.float64:
        # the last minute of a runaway multiplies rounding, by 1e9 in twins 1 and 41
        _close(got.plant, want.plant, 1e-5)
        # a thread whose twin has ended records no more
        on = np.asarray(want.ending.status) == RUNNING
        for i in tapes:
            np.testing.assert_allclose(tapes[i][:, on], np.asarray(history[i])[:, on], rtol=1e-7)


def _close(got: Any, want: Any, error: float) -> None:
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=error, atol=error)


@needs_nvrtc
@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiles_for_hopper_with_few_spills(dtype: Any) -> None:
    """Bytes that do not fit into registers are moved at every tick: no more than now."""
    from otsim_kernels.drivers.fused_gpu import compiled

    with jax.enable_x64(dtype == np.float64):
        twins = Twins([[]] * N, points=(), dtype=dtype)
        history = first_history((), (), ())
        source = fused_source(twins.table, (), state=twins.state, plan=twins.plan, history=history)
    code, said = compiled(source.text, arch="sm_90", verbose=True)
    found = [int(number) for number in re.findall(r"(\d+) (?:bytes spill|registers)", said)]
    assert len(found) == 3, said
    stores, loads, registers = found
    assert registers <= 255
    assert max(stores, loads) <= (2200 if dtype == np.float32 else 8000)
    assert len(code.code) > 1000


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_on_a_gpu_twins_end_as_on_the_cpu(dtype: Any) -> None:
    from otsim_kernels.drivers import fused_gpu

    with jax.enable_x64(dtype == np.float64):
        batches = [
            Twins(mixed_acts(1024), points=POINTS, rupture=4000.0, dtype=dtype, drive=drive)
            for drive in (fused_gpu.advance, fast_cpu.advance)
        ]
        got, want = (twins.advance(1800) for twins in batches)
    np.testing.assert_array_equal(got.ending.status, want.ending.status)
    assert np.all(np.abs(np.asarray(got.ending.end) - np.asarray(want.ending.end)) <= 2)


@pytest.mark.gpu
def test_on_a_gpu_other_twins_trip_as_on_the_cpu() -> None:
    """Twins with other noise: the distributions of what they show and when they trip agree."""
    from otsim_kernels.drivers import fused_gpu

    acts = [[xmv(10, 0.0)]] * 2048
    gpu = Twins(acts, ids=range(2048), drive=fused_gpu.advance).advance(900)
    cpu = Twins(acts, ids=range(2048, 4096)).advance(900)
    assert np.all(np.asarray(gpu.ending.status) == TRIPPED)
    for of in (lambda s: s.ending.end, *(_shown(n) for n in (6, 7, 8, 11))):
        assert stats.ks_2samp(np.asarray(of(gpu)), np.asarray(of(cpu))).pvalue > 0.01 / 5


def _shown(index: int) -> Any:
    return lambda state: state.plant.instruments.shown[index]

"""The fused GPU driver: the whole time loop of every twin in one kernel launch.

The kernel is written from the tick (`cuda_source`), compiled by NVRTC and launched through NVIDIA's
`cuda.core`; memory is JAX's. Needs the extra `otsim[gpu]`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from otsim_kernels.control_loop import Plan, TwinState
from otsim_kernels.draws import Array
from otsim_kernels.drivers.cuda_source import (
    ENTRY,
    THREADS,
    FusedSource,
    fused_source,
    packed,
    unpacked,
)
from otsim_kernels.drivers.time_loop import History
from otsim_kernels.plant_contract import PlantTable
from otsim_kernels.signal_tampering import Tap


def advance(
    plant: PlantTable,
    taps: tuple[Tap, ...],
    *,
    state: TwinState,
    plan: Plan,
    history: History,
    n_ticks: Array,
) -> tuple[TwinState, History]:
    """Advance a batch by at most `n_ticks`, however many; the result is on the host.

    Gives the twins of the reference driver up to the rounding of the GPU's fast arithmetic.
    """
    source = _source(plant, taps, _shapes((state, plan, history)))
    n, first = np.asarray(state.clock).size, int(np.asarray(state.tick))
    loaded = Loaded(source, state, plan, history)
    loaded.launch(n, first, int(n_ticks))
    after, tapes = loaded.result(state)
    return replace(after, tick=np.int32(first + int(n_ticks))), tapes


class Loaded:
    """Twins in the memory of the GPU, ready to be advanced."""

    def __init__(self, source: FusedSource, state: Any, plan: Any, history: History) -> None:
        n = np.asarray(state.clock).size
        leaves, planned = jax.tree.leaves(state), jax.tree.leaves(plan)
        self.source = source
        self.given = {k: jnp.asarray(packed(leaves, source.state, k, n)) for k in source.kinds}
        self.found = {k: jnp.zeros_like(matrix) for k, matrix in self.given.items()}
        self.plan = {k: jnp.asarray(packed(planned, source.plan, k, n)) for k in source.kinds}
        self.tapes = {i: jnp.array(history[i], copy=True) for i in source.tapes}
        jax.block_until_ready((self.given, self.found, self.plan, self.tapes))  # type: ignore[no-untyped-call]

    def launch(self, n: int, first_tick: int, n_ticks: int) -> None:
        """Run the kernel and wait for it."""
        from cuda.core import LaunchConfig, launch

        device, kernel = _kernel(self.source.text)
        stream = device.create_stream()
        matrices = [
            each[kind] for kind in self.source.kinds for each in (self.given, self.found, self.plan)
        ]
        pointers = [array.unsafe_buffer_pointer() for array in (*matrices, *self.tapes.values())]
        blocks = -(-n // THREADS)
        launch(
            stream, LaunchConfig(grid=blocks, block=THREADS), kernel, *pointers,
            np.int32(n), np.int32(first_tick), np.int32(n_ticks),
        )  # fmt: skip
        stream.sync()

    def result(self, like: TwinState) -> tuple[TwinState, History]:
        """Bring the twins back to the host."""
        matrices = {kind: np.asarray(matrix) for kind, matrix in self.found.items()}
        leaves, tree = jax.tree.flatten(like)
        state: TwinState = jax.tree.unflatten(tree, unpacked(matrices, self.source.state, leaves))
        return state, {i: np.asarray(tape) for i, tape in self.tapes.items()}


def _shapes(tree: Any) -> Any:
    """Return what a kernel depends on: structure and dtypes, and the lengths of recordings."""
    leaves, structure = jax.tree.flatten(tree)
    kinds = tuple((np.asarray(leaf).dtype.str, np.ndim(leaf)) for leaf in leaves)
    lengths = tuple(sorted((i, len(tape)) for i, tape in tree[2].items()))
    return structure, kinds, lengths


@cache
def _source(plant: PlantTable, taps: tuple[Tap, ...], shapes: Any) -> FusedSource:
    structure, kinds, lengths = shapes
    axes = {0: (), 1: (THREADS,)}
    leaves = [
        jax.ShapeDtypeStruct(axes.get(n_axes, (1, THREADS)), np.dtype(dtype))  # type: ignore[no-untyped-call]
        for dtype, n_axes in kinds
    ]
    state, plan, tapes = jax.tree.unflatten(structure, leaves)
    history = {i: np.zeros((length, THREADS), tapes[i].dtype) for i, length in lengths}
    return fused_source(plant, taps, state=state, plan=plan, history=history)


def compiled(text: str, *, arch: str, verbose: bool = False) -> tuple[Any, str]:
    """Compile a kernel, which needs no GPU; returns the object code and what the compiler said."""
    import io

    from cuda.core import Program, ProgramOptions

    options = ProgramOptions(
        std="c++17", arch=arch, use_fast_math=True, ptxas_options=["-v"] if verbose else None
    )
    said = io.StringIO()
    return Program(text, code_type="c++", options=options).compile("cubin", logs=said), (
        said.getvalue()
    )


@cache
def _kernel(text: str) -> tuple[Any, Any]:
    from cuda.core import Device

    device = Device(0)
    device.set_current()
    code, _ = compiled(text, arch=f"sm_{device.arch}")
    return device, code.get_kernel(ENTRY)


__all__ = ["Loaded", "advance", "compiled"]

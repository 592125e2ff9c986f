"""The Tennessee Eastman tick as C that gcc vectorises over twins: the yardstick of a core's speed.

The C is written from the very tick that all drivers run (`otsim_kernels.drivers.c_source`), so both
do the same work. State and plan of a block of twins lie side by side in one struct, in the first
cache level; the time loop is inside. Options are those that were fastest, `-ffast-math` included,
which no twin of otsim may use; gcc 12 needs `-fno-tree-pre` to see that the loop has no branches.
"""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.idle_twins import IdleTwins

OPTIONS = ("-O3", "-march=native", "-ffast-math", "-fno-tree-pre", "-mprefer-vector-width=512",
           "-fvect-cost-model=unlimited")  # fmt: skip
_NUMPY = {"float": np.float32, "double": np.float64, "int": np.int32, "unsigned": np.uint32}
_SOURCE = """#include <math.h>
{prelude}
typedef struct {{
{fields}
  int tick;
}} block;
static inline __attribute__((always_inline)) void one_tick(block *restrict b, const int rare) {{
#pragma GCC ivdep
for (int i = 0; i < {width}; i++) {{
{body}
}}}}
static __attribute__((noinline)) void usual_tick(block *b) {{ one_tick(b, 0); }}
static __attribute__((noinline)) void rare_tick(block *b) {{ one_tick(b, 1); }}
void advance(block *b, int n_blocks, int n_ticks) {{
  for (int k = 0; k < n_blocks; k++)
    for (int t = 0; t < n_ticks; t++) {{
      if (b[k].{clock}[0] % {rare_ticks} == 0) rare_tick(b + k); else usual_tick(b + k);
      b[k].tick++;
    }}
}}
"""


class VectorC:
    """A batch of twins in compiled C.

    Attributes:
        twins: the batch.
        width: twins side by side in a block.
    """

    def __init__(self, twins: IdleTwins, width: int, folder: Path) -> None:
        import jax

        self.twins, self.width = twins, width
        self.paths = [
            jax.tree_util.keystr(path)
            for path, _ in jax.tree_util.tree_flatten_with_path(twins.state)[0]
        ]
        self.leaves = [np.asarray(leaf) for leaf in jax.tree.leaves((twins.state, twins.plan))]
        source = folder / f"tick_{twins.dtype}_{width}.c"
        source.write_text(self._source())
        library = source.with_suffix(".so")
        command = ["gcc", *OPTIONS, "-shared", "-fPIC", "-o", str(library), str(source), "-lm"]
        subprocess.run(command, check=True)
        self.advance = ctypes.CDLL(str(library)).advance

    def _source(self) -> str:
        import jax

        from otsim_kernels.drivers.c_source import C_PRELUDE, c_body, c_type
        from otsim_kernels.drivers.operations import traced
        from otsim_kernels.drivers.time_loop import one_tick_of

        one_tick = one_tick_of(self.twins.plant, ())
        with jax.enable_x64(self.twins.dtype == "float64"):
            program, _ = traced(
                lambda state, plan, rare: one_tick(state, plan, rare, {})[0],
                self.twins.state, self.twins.plan, np.bool_(False),
            )  # fmt: skip
        self.kinds = [c_type(value) for value in program.inputs[: len(self.leaves)]]
        places = [f"b->l{k}[i]" if leaf.ndim else "b->tick" for k, leaf in enumerate(self.leaves)]
        body = c_body(
            program, [*places, "rare"],
            lambda k, value: f"{places[k]} = {value};" if self.leaves[k].ndim else "",
        )  # fmt: skip
        return _SOURCE.format(
            prelude=C_PRELUDE,
            fields="\n".join(
                f"  {kind} l{k}[{self.width}];"
                for k, (kind, leaf) in enumerate(zip(self.kinds, self.leaves, strict=True))
                if leaf.ndim
            ),
            width=self.width,
            body="\n".join(body),
            clock=f"l{self.paths.index('.clock')}",
            rare_ticks=self.twins.plant.rare_ticks,
        )

    def _blocks(self) -> npt.NDArray[Any]:
        """Pack the twins into blocks that begin at a cache line."""
        fields = [
            (f"l{k}", _NUMPY[kind], (self.width,))
            for k, (kind, leaf) in enumerate(zip(self.kinds, self.leaves, strict=True))
            if leaf.ndim
        ]
        packed = np.dtype([*fields, ("tick", np.int32)], align=True)
        n_blocks = self.leaves[0].size // self.width
        raw = np.zeros(n_blocks * packed.itemsize + 64, np.uint8)
        first = -raw.ctypes.data % 64
        blocks = raw[first : first + n_blocks * packed.itemsize].view(packed)
        for k, leaf in enumerate(self.leaves):
            if leaf.ndim:
                blocks[f"l{k}"] = leaf.reshape(n_blocks, self.width)
        return blocks

    def advance_by(self, n_ticks: int) -> Callable[[], dict[str, npt.NDArray[Any]]]:
        """Return a call that advances all twins from the start and gives their state by path."""

        def call() -> dict[str, npt.NDArray[Any]]:
            blocks = self._blocks()
            self.advance(ctypes.c_void_p(blocks.ctypes.data), len(blocks), n_ticks)
            return {
                path: blocks[f"l{k}"].reshape(-1)
                for k, path in enumerate(self.paths)
                if self.leaves[k].ndim
            }

        return call

"""The whole time loop of a twin as one CUDA kernel: a thread a twin, the state in registers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from otsim_kernels.control_loop import RUNNING, Plan, TwinState
from otsim_kernels.drivers.c_source import c_body, c_type
from otsim_kernels.drivers.operations import Program, traced
from otsim_kernels.drivers.time_loop import History, one_tick_of
from otsim_kernels.plant_contract import PlantTable
from otsim_kernels.signal_tampering import Tap

# Shared by 255 registers a thread, the most there are: two blocks of 128 live on a multiprocessor.
THREADS = 128
ENTRY = "advance_twins"  # libc has an `advance` of its own
_PRELUDE = """#define INFINITY __int_as_float(0x7f800000)
#define NAN __int_as_float(0x7fffffff)
static __device__ __forceinline__ float bits_int_to_float(int x) { return __int_as_float(x); }
static __device__ __forceinline__ int bits_float_to_int(float x) { return __float_as_int(x); }
"""
_KERNEL = """{prelude}
extern "C" __global__ void __launch_bounds__({threads}) {entry}(
    {parameters}, const int n, const int first_tick, const int n_ticks)
{{
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const size_t w = n;
{loads}
  for (int tick = first_tick; tick < first_tick + n_ticks; tick++) {{
    if ({status} != {running}) break;
    const int rare = {clock} % {rare_ticks} == 0;
{body}
  }}
{stores}
}}
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a leaf is kept: a row of the matrix of its C type; `tick` has none."""

    kind: str
    row: int


@dataclass(frozen=True, kw_only=True)
class FusedSource:
    """A kernel's text and how its arguments are laid out.

    Attributes:
        text: CUDA C++; the entry is `ENTRY`.
        kinds: the C types of the matrices, in the order of the parameters.
        state, plan: the place of each leaf, None for the local tick.
        tapes: the taps whose recordings are parameters, in order.
    """

    text: str
    kinds: tuple[str, ...]
    state: tuple[Place | None, ...]
    plan: tuple[Place | None, ...]
    tapes: tuple[int, ...]


def fused_source(
    plant: PlantTable, taps: tuple[Tap, ...], *, state: TwinState, plan: Plan, history: History
) -> FusedSource:
    """Write the kernel for a plant and its taps.

    Args:
        plant: its table; its tick must be elementwise.
        taps: which points may be tampered with.
        state, plan, history: of any number of twins; only shapes and dtypes matter.

    Raises:
        NotElementwiseError: the tick does what one thread cannot.
    """
    one_tick = one_tick_of(plant, taps)
    rows = {i: tape[0] for i, tape in history.items()}
    program, _ = traced(
        lambda s, p, rare, recorded: one_tick(s, p, rare, recorded),
        state, plan, np.bool_(False), rows,
    )  # fmt: skip
    return _Writer(plant, program, state, plan, history).source()


class _Writer:
    """Names every leaf and puts the kernel together."""

    def __init__(
        self, plant: PlantTable, program: Program, state: Any, plan: Any, history: History
    ) -> None:
        paths = jax.tree_util.tree_flatten_with_path(state)[0]
        self.plant, self.program, self.history = plant, program, history
        self.names = [jax.tree_util.keystr(path) for path, _ in paths]
        self.n_state, self.n_plan = len(paths), len(jax.tree.leaves(plan))
        types = [c_type(value) for value in program.inputs]
        self.state = _places(types[: self.n_state], without=self.names.index(".tick"))
        self.plan = _places(types[self.n_state : self.n_state + self.n_plan], without=None)
        self.kinds = tuple(sorted({place.kind for place in (*self.state, *self.plan) if place}))
        self.tapes = tuple(sorted(history))

    def source(self) -> FusedSource:
        text = _KERNEL.format(
            prelude=_PRELUDE, entry=ENTRY, threads=THREADS,
            parameters=",\n    ".join(self._parameters()), loads="\n".join(self._loads()),
            status=self._leaf(".ending.status"),
            running=RUNNING, clock=self._leaf(".clock"), rare_ticks=self.plant.rare_ticks,
            body="\n".join(self._body()), stores="\n".join(self._stores()),
        )  # fmt: skip
        return FusedSource(
            text=text, kinds=self.kinds, state=self.state, plan=self.plan, tapes=self.tapes
        )

    def _parameters(self) -> list[str]:
        found = []
        for kind in self.kinds:
            found.append(f"const {kind} *__restrict__ {kind}_in")
            found.append(f"{kind} *__restrict__ {kind}_out")
            found.append(f"const {kind} *__restrict__ {kind}_plan")
        kind = c_type(self.program.inputs[0])
        return found + [f"{kind} *__restrict__ tape_{i}" for i in self.tapes]

    def _loads(self) -> list[str]:
        return [
            f"  {place.kind} s{k} = {place.kind}_in[{place.row} * w + i];"
            for k, place in enumerate(self.state)
            if place
        ]

    def _body(self) -> tuple[str, ...]:
        places = [f"    const int place_{i} = tick % {len(self.history[i])};" for i in self.tapes]
        tapes = [f"tape_{i}[place_{i} * w + i]" for i in self.tapes]
        inputs = [f"s{k}" if place else "tick" for k, place in enumerate(self.state)]
        # an ended twin has left the loop
        inputs[self.names.index(".ending.status")] = str(RUNNING)
        inputs += [f"{place.kind}_plan[{place.row} * w + i]" for place in self.plan if place]
        outputs = [f"s{k}" if place else "" for k, place in enumerate(self.state)] + tapes
        body = c_body(
            self.program, [*inputs, "rare", *tapes],
            lambda k, value: f"{outputs[k]} = {value};" if outputs[k] else "",
        )  # fmt: skip
        return (*places, *(f"    {line}" for line in body if line))

    def _stores(self) -> list[str]:
        return [
            f"  {place.kind}_out[{place.row} * w + i] = s{k};"
            for k, place in enumerate(self.state)
            if place
        ]

    def _leaf(self, name: str) -> str:
        return f"s{self.names.index(name)}"


def _places(types: Sequence[str], *, without: int | None) -> tuple[Place | None, ...]:
    rows: dict[str, int] = {}
    found: list[Place | None] = []
    for k, kind in enumerate(types):
        if k == without:
            found.append(None)
        else:
            found.append(Place(kind=kind, row=rows.setdefault(kind, 0)))
            rows[kind] += 1
    return tuple(found)


_NUMPY = {"float": np.float32, "double": np.float64, "int": np.int32, "unsigned": np.uint32}


def packed(
    leaves: Sequence[Any], places: Sequence[Place | None], kind: str, n: int
) -> npt.NDArray[Any]:
    """Stack the leaves of one C type, [n_rows, n]."""
    rows = [
        np.asarray(leaf, _NUMPY[kind])
        for leaf, place in zip(leaves, places, strict=True)
        if place is not None and place.kind == kind
    ]
    return np.stack(rows) if rows else np.zeros((0, n), _NUMPY[kind])


def unpacked(
    matrices: dict[str, npt.NDArray[Any]], places: Sequence[Place | None], like: Sequence[Any]
) -> list[Any]:
    """Take leaves out of the matrices by C type; a leaf without a place stays as it was."""
    return [
        leaf if place is None else matrices[place.kind][place.row].astype(np.asarray(leaf).dtype)
        for leaf, place in zip(like, places, strict=True)
    ]


__all__ = ["ENTRY", "THREADS", "FusedSource", "Place", "fused_source", "packed", "unpacked"]

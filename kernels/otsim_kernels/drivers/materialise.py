"""Keeps shared intermediate results in memory instead of computing them for each reader again.

XLA's CPU compiler gives every output of a loop body a loop over the twins of its own and copies
into it all that the output needs: a plant of 6,000 operations becomes many times as many. A barrier
behind a value that is dear and read more than once ends that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import jax
from jax import lax

from otsim_kernels.drivers.operations import Operation, Program, Value, traced

# What an operation costs beside an addition, roughly, in the vector code of XLA.
_COST = {
    "exp": 20, "log": 20, "log1p": 20, "pow": 40, "tanh": 20, "erf_inv": 20, "div": 4, "sqrt": 4,
    "rsqrt": 4, "rem": 4,
}  # fmt: skip
_FREE = frozenset({"broadcast_in_dim", "convert_element_type", "reshape", "squeeze"})
# The saving, in additions, from which on a value is kept: 3 to 12 were as fast (Tennessee Eastman).
LEAST_SAVING = 6.0


def materialised(
    function: Callable[..., Any], *, least_saving: float = LEAST_SAVING
) -> Callable[..., Any]:
    """Return a function that does the same with barriers behind what is worth keeping.

    Args:
        function: elementwise over twins, of pytrees of arrays, without keywords.
        least_saving: of work that would be done again, in additions per twin.
    """

    def kept(*args: Any) -> Any:
        program, tree = traced(function, *args)
        keep = worth_keeping(program, least_saving)
        values = dict(zip(program.inputs, jax.tree.leaves(args), strict=True))

        def read(value: Value) -> Any:
            return values[value] if value.constant is None else value.constant

        for operation in program.operations:
            results = operation.primitive.bind(
                *(read(value) for value in operation.inputs), **operation.params
            )
            if not operation.primitive.multiple_results:
                results = [results]
            for value, result in zip(operation.outputs, results, strict=True):
                values[value] = _barrier(result) if value in keep else result
        return jax.tree.unflatten(tree, [read(value) for value in program.outputs])

    return kept


def _barrier(result: Any) -> Any:
    return lax.optimization_barrier(result)  # type: ignore[no-untyped-call]


def worth_keeping(program: Program, least_saving: float) -> frozenset[Value]:
    """Return the values that are dearer to compute for each reader than to keep."""
    readers = Counter(value for operation in program.operations for value in set(operation.inputs))
    readers.update(program.outputs)
    cost: dict[Value, float] = {}
    keep = set()
    for operation in program.operations:
        own = _cost(operation) + sum(cost.get(value, 0.0) for value in set(operation.inputs))
        for value in operation.outputs:
            is_kept = own * (readers[value] - 1) > least_saving and operation.name not in _FREE
            if is_kept and value.aval.ndim:
                keep.add(value)
            stands = is_kept or operation.primitive.multiple_results or not value.aval.ndim
            cost[value] = 0.0 if stands else own
    return frozenset(keep)


def _cost(operation: Operation) -> float:
    return 0.0 if operation.name in _FREE else float(_COST.get(operation.name, 1))


__all__ = ["LEAST_SAVING", "materialised", "worth_keeping"]

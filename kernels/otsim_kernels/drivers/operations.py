"""A traced function as one flat list of operations, so that drivers can rewrite or print it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.extend import core as jaxpr_core

_CALLS = ("jaxpr", "call_jaxpr", "fun_jaxpr")  # where calls keep what they call
_INLINED = frozenset(
    {
        "pjit", "jit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call",
        "custom_vjp_call_jaxpr", "remat2", "checkpoint",
    }
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Value:
    """One intermediate result; two are the same only if they are the same object.

    Attributes:
        aval: shape and dtype.
        constant: its value, where it is known.
    """

    aval: Any
    constant: Any = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Operation:
    """One primitive with its operands."""

    primitive: Any
    params: Mapping[str, Any]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    acts: bool = False  # beyond its results, as a print does

    @property
    def name(self) -> str:
        """The primitive's name in JAX."""
        return str(self.primitive.name)


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    """What a function does, without calls, repetitions and what nobody reads.

    Attributes:
        inputs, outputs: the flattened arguments and results.
        operations: in an order in which they can be run.
    """

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    operations: tuple[Operation, ...]


def traced(function: Callable[..., Any], *args: Any) -> tuple[Program, Any]:
    """Trace a function of pytrees; returns its program and the tree of its result."""
    leaves, tree = jax.tree.flatten(args)
    closed, shape = jax.make_jaxpr(
        lambda *flat: function(*jax.tree.unflatten(tree, flat)), return_shape=True
    )(*leaves)
    return program_of(closed), jax.tree.structure(shape)


def program_of(closed: Any) -> Program:
    """Flatten a closed jaxpr."""
    inputs = tuple(Value(var.aval) for var in closed.jaxpr.invars)
    found: list[Operation] = []
    outputs = tuple(_walk(closed.jaxpr, closed.consts, inputs, found))
    operations, same = _without_repetitions(found)
    outputs = tuple(same.get(value, value) for value in outputs)
    return Program(
        inputs=inputs, outputs=outputs, operations=tuple(_what_is_read(operations, outputs))
    )


def _walk(
    jaxpr: Any, consts: Sequence[Any], inputs: Sequence[Value], found: list[Operation]
) -> list[Value]:
    """Append the operations of a jaxpr to `found`, those of the calls in it in their place."""
    env: dict[Any, Value] = dict(zip(jaxpr.invars, inputs, strict=True))
    env |= {var: Value(var.aval, const) for var, const in zip(jaxpr.constvars, consts, strict=True)}

    def read(atom: Any) -> Value:
        literal = isinstance(atom, jaxpr_core.Literal)
        return Value(atom.aval, np.asarray(atom.val, atom.aval.dtype)) if literal else env[atom]

    for eqn in jaxpr.eqns:
        operands = tuple(read(atom) for atom in eqn.invars)
        called = _called(eqn)
        if called is None:
            results = [Value(var.aval) for var in eqn.outvars]
            found.append(
                Operation(
                    primitive=eqn.primitive, params=eqn.params, inputs=operands,
                    outputs=tuple(results), acts=bool(eqn.effects),
                )
            )  # fmt: skip
        else:
            results = _walk(*called, operands, found)
        env |= dict(zip(eqn.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _called(eqn: Any) -> tuple[Any, Sequence[Any]] | None:
    """Return the jaxpr that a call calls and its constants; None for all other equations."""
    if eqn.primitive.name not in _INLINED:
        return None
    inner = next(eqn.params[name] for name in _CALLS if name in eqn.params)
    return (inner.jaxpr, inner.consts) if hasattr(inner, "consts") else (inner, ())


def _without_repetitions(
    operations: Sequence[Operation],
) -> tuple[list[Operation], dict[Value, Value]]:
    """Drop operations that compute what an earlier one did; returns also what replaces what."""
    kept: list[Operation] = []
    known: dict[Any, tuple[Value, ...]] = {}
    same: dict[Value, Value] = {}
    for operation in operations:
        inputs = tuple(same.get(value, value) for value in operation.inputs)
        name = (operation.name, str(operation.params), tuple(map(_identity, inputs)))
        if name in known and not (operation.primitive.multiple_results or operation.acts):
            same |= dict(zip(operation.outputs, known[name], strict=True))
            continue
        known[name] = operation.outputs
        kept.append(
            Operation(
                primitive=operation.primitive, params=operation.params, inputs=inputs,
                outputs=operation.outputs, acts=operation.acts,
            )
        )  # fmt: skip
    return kept, same


def _identity(value: Value) -> Any:
    if value.constant is None or np.size(value.constant) > 1:
        return value
    constant = np.asarray(value.constant)
    return constant.tobytes(), str(value.aval)


def _what_is_read(operations: Sequence[Operation], outputs: Sequence[Value]) -> Iterator[Operation]:
    read, kept = set(outputs), []
    for operation in reversed(operations):
        if operation.acts or read.intersection(operation.outputs):
            kept.append(operation)
            read.update(operation.inputs)
    return reversed(kept)


__all__ = ["Operation", "Program", "Value", "program_of", "traced"]

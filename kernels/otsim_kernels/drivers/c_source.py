"""A traced program as the body of a C (or CUDA C) function of one twin: one statement a value.

Every value is a scalar of the twin's own, so the text runs in a loop over twins that a C compiler
vectorises, or in one GPU thread. `cond` becomes an `if`. What has axes of its own (vector states,
matrix products, inner loops) is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from otsim_kernels.drivers.operations import Operation, Program, Value, program_of

C_TYPES = {"float32": "float", "float64": "double", "int32": "int", "uint32": "unsigned",
           "int64": "long long", "bool": "int"}  # fmt: skip
_BINARY = {
    "add": "+", "add_any": "+", "sub": "-", "mul": "*", "div": "/", "and": "&", "or": "|",
    "xor": "^", "gt": ">", "lt": "<", "ge": ">=", "le": "<=", "eq": "==", "ne": "!=", "rem": "%",
    "shift_left": "<<", "shift_right_logical": ">>", "shift_right_arithmetic": ">>",
}  # fmt: skip
_FUNCTIONS = {
    "exp": "exp", "log": "log", "log1p": "log1p", "sqrt": "sqrt", "abs": "fabs", "sin": "sin",
    "cos": "cos", "tanh": "tanh", "floor": "floor",
}  # fmt: skip
_COPIES = frozenset({"broadcast_in_dim", "reshape", "squeeze", "copy", "stop_gradient"})


# What the text needs besides <math.h>, in C.
C_PRELUDE = """static inline float bits_int_to_float(int x) {
  union { int from; float to; } same = { x };
  return same.to;
}
static inline int bits_float_to_int(float x) {
  union { float from; int to; } same = { x };
  return same.to;
}
"""


class NotElementwiseError(Exception):
    """A program does what cannot be written for one twin alone."""


@dataclass
class CBody:
    """Statements under construction.

    Attributes:
        names: what each value is called.
        lines: the statements so far.
    """

    names: dict[Value, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def read(self, value: Value) -> str:
        """Return the expression for a value."""
        if value.constant is not None:
            return literal(value.constant)
        return self.names[value]

    def name(self, value: Value) -> str:
        """Give a value a name of its own."""
        self.names[value] = name = f"v{len(self.names)}"
        return name


def c_body(
    program: Program, inputs: Sequence[str], store: Callable[[int, str], str]
) -> tuple[str, ...]:
    """Write a program as C statements.

    Args:
        program: of arrays whose only axis, if any, is the twin's.
        inputs: the expression that reads each input.
        store: (number of an output, expression) -> the statement that stores it.

    Raises:
        NotElementwiseError: naming the primitive that is not elementwise.
    """
    body = CBody()
    for value, expression in zip(program.inputs, inputs, strict=True):
        body.lines.append(f"const {c_type(value)} {body.name(value)} = {expression};")
    _write(program, body)
    stores = [store(i, body.read(value)) for i, value in enumerate(program.outputs)]
    return (*body.lines, *stores)


def c_type(value: Value) -> str:
    """Return the C type of a value."""
    kind = str(value.aval.dtype)
    if kind not in C_TYPES:
        raise NotElementwiseError(f"a value of type {kind}")
    return C_TYPES[kind]


def literal(constant: Any) -> str:
    """Write a constant so that not a bit is lost."""
    number = np.asarray(constant).reshape(-1)[0]
    kind = np.asarray(constant).dtype
    if kind == np.bool_:
        return "1" if number else "0"
    if kind == np.uint32:
        return f"{int(number)}u"
    if np.issubdtype(kind, np.integer):
        return "(-2147483647 - 1)" if number == np.iinfo(np.int32).min else f"({int(number)})"
    if not np.isfinite(number):
        return "NAN" if np.isnan(number) else ("INFINITY" if number > 0 else "(-INFINITY)")
    digits = f"{float(number):.9g}" if kind == np.float32 else f"{float(number):.17g}"
    if not set(digits) & set(".e"):
        digits += ".0"
    return f"({digits}{'f' if kind == np.float32 else ''})"


def _write(program: Program, body: CBody) -> None:
    for operation in program.operations:
        if operation.name == "cond":
            _write_cond(operation, body)
            continue
        if operation.primitive.multiple_results:
            raise NotElementwiseError(operation.name)
        _refuse_axes(operation)
        expression = _expression(operation, [body.read(value) for value in operation.inputs])
        (result,) = operation.outputs
        body.lines.append(f"const {c_type(result)} {body.name(result)} = {expression};")


def _refuse_axes(operation: Operation) -> None:
    """Refuse values with an axis besides the twins', and constants that have one."""
    for value in (*operation.inputs, *operation.outputs):
        if value.aval.ndim > 1:
            raise NotElementwiseError(f"{operation.name} of shape {value.aval.shape}")
        if value.constant is not None and len(np.unique(value.constant)) > 1:
            raise NotElementwiseError(f"{operation.name} with a constant array")


def _write_cond(operation: Operation, body: CBody) -> None:
    """`branches[0]` is taken where the predicate is false."""
    if len(operation.params["branches"]) != 2:
        raise NotElementwiseError("switch between more than two branches")
    which, *operands = operation.inputs
    for value in operation.outputs:
        body.lines.append(f"{c_type(value)} {body.name(value)};")
    otherwise, then = (program_of(branch) for branch in operation.params["branches"])
    for opening, branch in ((f"if ({body.read(which)}) {{", then), ("} else {", otherwise)):
        body.lines.append(opening)
        for inner, outer in zip(branch.inputs, operands, strict=True):
            body.names[inner] = body.read(outer)
        _write(branch, body)
        for inner, outer in zip(branch.outputs, operation.outputs, strict=True):
            body.lines.append(f"{body.names[outer]} = {body.read(inner)};")
    body.lines.append("}")


def _expression(operation: Operation, x: list[str]) -> str:
    name, kind = operation.name, operation.outputs[0].aval.dtype
    single = "f" if kind == np.float32 else ""
    if name == "rem" and np.issubdtype(kind, np.floating):
        return f"fmod{single}({x[0]}, {x[1]})"
    if name.startswith("shift_right") and (name.endswith("logical") != (kind == np.uint32)):
        raise NotElementwiseError(f"{name} of {kind}")
    if name == "select_n" and len(x) != 3:
        raise NotElementwiseError("select_n with more than two cases")
    if name == "abs" and not np.issubdtype(kind, np.floating):
        return f"{x[0]} < 0 ? -{x[0]} : {x[0]}"
    if name in _BINARY:
        return f"{x[0]} {_BINARY[name]} {x[1]}"
    if name in _FUNCTIONS:
        return f"{_FUNCTIONS[name]}{single}({x[0]})"
    if name in _COPIES:
        return x[0]
    writers: dict[str, Callable[[], str]] = {
        "neg": lambda: f"-{x[0]}",
        # as XLA does, a NaN on either side comes through
        "max": lambda: f"({x[0]} > {x[1]} || {x[0]} != {x[0]}) ? {x[0]} : {x[1]}",
        "min": lambda: f"({x[0]} < {x[1]} || {x[0]} != {x[0]}) ? {x[0]} : {x[1]}",
        "select_n": lambda: f"{x[0]} ? {x[2]} : {x[1]}",
        "clamp": lambda: f"{x[1]} < {x[0]} ? {x[0]} : ({x[1]} > {x[2]} ? {x[2]} : {x[1]})",
        "not": lambda: f"!{x[0]}" if kind == np.bool_ else f"~{x[0]}",
        "convert_element_type": lambda: (
            f"{x[0]} != 0" if kind == np.bool_ else f"({c_type(operation.outputs[0])})({x[0]})"
        ),
        "bitcast_convert_type": lambda: _same_bits(operation, x[0]),
        "integer_pow": lambda: _power(x[0], operation.params["y"]),
        "square": lambda: f"{x[0]} * {x[0]}",
        "is_finite": lambda: f"({x[0]} - {x[0]} == 0)",
    }
    if name not in writers:
        raise NotElementwiseError(name)
    return writers[name]()


def _same_bits(operation: Operation, x: str) -> str:
    (value,), (result,) = operation.inputs, operation.outputs
    kinds = (c_type(value), c_type(result))
    if set(kinds) != {"int", "float"}:
        raise NotElementwiseError(f"bitcast_convert_type from {kinds[0]} to {kinds[1]}")
    return f"bits_{kinds[0]}_to_{kinds[1]}({x})"


def _power(base: str, exponent: int) -> str:
    if exponent <= 0:
        raise NotElementwiseError(f"integer_pow with exponent {exponent}")
    return " * ".join([base] * exponent)


__all__ = ["C_PRELUDE", "C_TYPES", "NotElementwiseError", "c_body", "c_type", "literal"]

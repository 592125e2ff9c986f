"""Random numbers of many families from uniform draws, by inverse distribution functions.

Everything works on NumPy and JAX arrays alike and is monotone in the uniform number, so that
two studies which differ in one parameter move in step. The precision is that of `dtype`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import jax
import numpy as np

from otsim_kernels.draws import Array, DrawKey, array_module, purpose_id, uniform

TABLE_LIMIT = 6.5  # a table spans this many standard deviations of the normal score, both ways
TABLE_CELLS = 4096
TABLES = ("table", "log_table")


@dataclass(frozen=True, kw_only=True, eq=False)
class Quantile:
    """One distribution in compiled form, on the host.

    Attributes:
        family: `fixed`, `uniform`, `exponential`, `weibull`, `lognormal`, `triangular`,
            `discrete`, `table`, `log_table`, or `sum`.
        params: f64[n_params], as the family's function below reads them.
        scale: what every draw is multiplied by, such as hours per day.
        terms: the terms of a sum; each takes a draw of its own.
    """

    family: str
    params: Any = field(default_factory=lambda: np.zeros(0))
    scale: float = 1.0
    terms: tuple[Quantile, ...] = ()


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class FamilyRows:
    """The rows of a bank that share a family.

    Attributes:
        family: its name; rows: which of the bank.
        params: f64[n_params, n_rows, 1]; of a table f64[n_params, n_tables, 1], as many rows share
            one: then the processor's caches hold them.
        tables: i32[n_rows, 1], the table of each row; nothing for other families.
    """

    family: str = field(metadata={"static": True})
    rows: tuple[int, ...] = field(metadata={"static": True})
    params: Array
    tables: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class DrawBank:
    """Many distributions that are drawn together, each under its own purpose.

    Attributes:
        families: the rows, family by family.
        owners: for each distribution of the bank the rows whose sum it is.
        purposes: u32[n_rows, 1]; scales: f64[n_rows, 1].
    """

    families: tuple[FamilyRows, ...]
    owners: tuple[tuple[int, ...], ...] = field(metadata={"static": True})
    purposes: Array
    scales: Array


def draw_bank(named: Sequence[tuple[str, Quantile]]) -> DrawBank:
    """Pack distributions with the names of their purposes, for `draw_table`."""
    flat = [list(_flat_terms(name, quantile)) for name, quantile in named]
    ends = np.cumsum([0, *map(len, flat)])
    rows = [row for terms in flat for row in terms]
    members: dict[tuple[str, int], list[int]] = {}
    for i, (_, quantile, _) in enumerate(rows):
        members.setdefault((quantile.family, len(quantile.params)), []).append(i)
    families = tuple(
        _family_rows(family, which, [rows[i][1].params for i in which])
        for (family, _), which in members.items()
    )
    return DrawBank(
        families=families,
        owners=tuple(tuple(range(ends[i], ends[i + 1])) for i in range(len(flat))),
        purposes=np.array([[purpose_id(name)] for name, _, _ in rows], np.uint32).reshape(-1, 1),
        scales=np.array([[scale] for _, _, scale in rows], np.float64).reshape(-1, 1),
    )


def _family_rows(family: str, which: Sequence[int], params: Sequence[Any]) -> FamilyRows:
    tables = np.zeros((0, 1), np.int32)
    if family in TABLES:
        distinct: dict[bytes, int] = {}
        places = [distinct.setdefault(np.asarray(one).tobytes(), len(distinct)) for one in params]
        params = [params[places.index(place)] for place in range(len(distinct))]
        tables = np.array(places, np.int32).reshape(-1, 1)
    stacked = np.stack(params, axis=1)[:, :, None]
    return FamilyRows(family=family, rows=tuple(which), params=stacked, tables=tables)


def draw_table(
    bank: DrawBank, key: DrawKey, slot: int | Array = 0, dtype: Any = np.float32
) -> Array:
    """Draw every distribution of a bank.

    Args:
        bank: from `draw_bank`.
        key: keys of n twins.
        slot: which draw of this purpose, one for all or u32[n].
        dtype: float32, or float64 on NumPy or where JAX has 64 bits.

    Returns:
        f[n_distributions, n], a row for each distribution, in the bank's order.
    """
    xp = array_module(jax.tree.leaves(key)[0])
    if not bank.owners:
        return xp.zeros((0, key.n_twins), dtype)
    drawn = [_draw_family(group, bank, key, slot, dtype) for group in bank.families]
    order = np.argsort([row for group in bank.families for row in group.rows])
    rows = _taken(xp.concatenate(drawn), order) * xp.asarray(bank.scales, dtype=dtype)
    return _add_terms(rows, bank.owners)


def sample(
    quantile: Quantile,
    key: DrawKey,
    purpose: str,
    slot: int | Array = 0,
    dtype: Any = np.float64,
) -> Array:
    """Draw one distribution for n twins.

    Args:
        quantile: the compiled distribution.
        key: keys of the twins.
        purpose: name of the purpose; the same name gives the same draw.
        slot: which draw of this purpose, one for all or u32[n].
        dtype: float64 (on NumPy, or where JAX has 64 bits) or float32.

    Returns:
        f[n] in the distribution's unit times `quantile.scale`.
    """
    return draw_table(draw_bank([(purpose, quantile)]), key, slot, dtype)[0]


def inverse(family: str, params: Array, u: Array) -> Array:
    """Evaluate the inverse distribution function of a family.

    Args:
        family: a key of `FAMILIES`.
        params: f[n_params, n_rows, 1].
        u: uniform numbers in (0, 1), f[n_rows, n].

    Returns:
        f[n_rows, n], non-decreasing in u.
    """
    return FAMILIES[family](_like(params, u), u, array_module(u))


def normal_score(u: Array) -> Array:
    """Return the standard normal quantile of u (Wichura 1988, algorithm AS 241).

    Relative error below 1e-15 in float64 and 3e-6 in float32.
    """
    xp = array_module(u)
    centred = u - _like(0.5, u)
    near = _like(0.180625, u) - centred * centred
    middle = centred * _ratio(near, _MIDDLE)
    tail = xp.minimum(u, _like(1.0, u) - u)
    far = xp.sqrt(-xp.log(tail))
    shallow = _ratio(far - _like(1.6, u), _SHALLOW)
    deep = _ratio(far - _like(5.0, u), _DEEP)
    outer = xp.sign(centred) * xp.where(far <= _like(5.0, u), shallow, deep)
    return xp.where(xp.abs(centred) <= _like(0.425, u), middle, outer)


def chance_limit(probability: Array) -> Array:
    """Turn probabilities, f64, into limits for `happens`, u32, exact to 2**-32."""
    return np.round(np.asarray(probability, np.float64) * 2.0**31).astype(np.uint32)


def happens(bits: Array, limit: Array) -> Array:
    """Tell whether an event happens, bool, from 32 random bits and its `chance_limit`."""
    return (bits >> np.uint32(1)) < limit


def _flat_terms(
    name: str, quantile: Quantile, scale: float = 1.0
) -> list[tuple[str, Quantile, float]]:
    scale = scale * quantile.scale
    if quantile.family != "sum":
        return [(name, quantile, scale)]
    return [
        row
        for i, term in enumerate(quantile.terms)
        for row in _flat_terms(f"term_{i}/{name}", term, scale)
    ]


def _draw_family(
    group: FamilyRows, bank: DrawBank, key: DrawKey, slot: int | Array, dtype: Any
) -> Array:
    """Draw the rows of one family; a fixed number costs no draw."""
    if group.family == "fixed":
        xp = array_module(jax.tree.leaves(key)[0])
        shape = (len(group.rows), key.n_twins)
        return xp.broadcast_to(xp.asarray(group.params[0], dtype=dtype), shape)
    purposes = bank.purposes[np.array(group.rows)]
    u = apart(uniform(key.word(purposes, slot), dtype))
    if group.family in TABLES:
        read = _log_table if group.family == "log_table" else _table
        return read(_like(group.params, u), u, array_module(u), group.tables)
    return inverse(group.family, group.params, u)


def _taken(rows: Array, order: Any) -> Array:
    """Take rows by number; at no cost where they stand in order."""
    return rows if np.array_equal(order, np.arange(rows.shape[0])) else rows[order]


def apart(drawn: Array) -> Array:
    """Draw before use: fused into its readers, the generator is written out for each of them."""
    if not isinstance(drawn, jax.Array):
        return drawn
    return jax.lax.optimization_barrier(drawn)  # type: ignore[no-untyped-call]


def _add_terms(rows: Array, owners: tuple[tuple[int, ...], ...]) -> Array:
    """Add the rows that belong to one distribution, in their order."""
    total = _taken(rows, np.array([terms[0] for terms in owners]))
    for i in range(1, max(map(len, owners))):
        more = np.array([terms[i] if i < len(terms) else 0 for terms in owners])
        present = np.array([[i < len(terms)] for terms in owners])
        total = total + array_module(rows).where(present, rows[more], _like(0.0, rows))
    return total


def _like(value: Any, array: Array) -> Array:
    """Give constants the dtype (and the library) of an array."""
    return array_module(array).asarray(value, dtype=array.dtype)


def _fixed(params: Array, u: Array, xp: ModuleType) -> Array:
    return xp.broadcast_to(params[0], u.shape)


def _uniform(params: Array, u: Array, xp: ModuleType) -> Array:
    low, high = params[0], params[1]
    return low + (high - low) * u


def _exponential(params: Array, u: Array, xp: ModuleType) -> Array:
    return params[0] * -xp.log1p(-u)


def _weibull(params: Array, u: Array, xp: ModuleType) -> Array:
    inverse_shape, scale = params[0], params[1]
    return scale * xp.exp(inverse_shape * xp.log(-xp.log1p(-u)))


def _lognormal(params: Array, u: Array, xp: ModuleType) -> Array:
    mu, sigma = params[0], params[1]
    return xp.exp(mu + sigma * normal_score(u))


def _triangular(params: Array, u: Array, xp: ModuleType) -> Array:
    low, mode, high = params[0], params[1], params[2]
    rising = low + xp.sqrt(u * (high - low) * (mode - low))
    falling = high - xp.sqrt((_like(1.0, u) - u) * (high - low) * (high - mode))
    return xp.where(u * (high - low) < mode - low, rising, falling)


def _discrete(params: Array, u: Array, xp: ModuleType) -> Array:
    """Params: n ascending values, then the n - 1 cumulative probabilities between them."""
    n_values = (params.shape[0] + 1) // 2
    drawn = xp.broadcast_to(params[0], u.shape)
    for i in range(1, n_values):
        drawn = xp.where(u >= params[n_values + i - 1], params[i], drawn)
    return drawn


def _table(params: Array, u: Array, xp: ModuleType, tables: Array | None = None) -> Array:
    """Interpolate in equal cells of the normal score; params: the values at the cell ends."""
    cells = params.shape[0] - 1
    place = (normal_score(u) + _like(TABLE_LIMIT, u)) * _like(cells / (2.0 * TABLE_LIMIT), u)
    cell = xp.clip(xp.floor(place), _like(0.0, u), _like(cells - 1.0, u))
    own = xp.arange(params.shape[1], dtype=np.int32)[:, None] if tables is None else tables
    rows = xp.broadcast_to(xp.asarray(own), u.shape)
    columns = cell.astype(np.int32)
    values = params[:, :, 0]
    left, right = values[columns, rows], values[columns + 1, rows]
    return left + (right - left) * xp.clip(place - cell, _like(0.0, u), _like(1.0, u))


def _log_table(params: Array, u: Array, xp: ModuleType, tables: Array | None = None) -> Array:
    return xp.exp(_table(params, u, xp, tables))


FAMILIES: dict[str, Callable[[Array, Array, ModuleType], Array]] = {
    "fixed": _fixed,
    "uniform": _uniform,
    "exponential": _exponential,
    "weibull": _weibull,
    "lognormal": _lognormal,
    "triangular": _triangular,
    "discrete": _discrete,
    "table": _table,
    "log_table": _log_table,
}


def _ratio(x: Array, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Array:
    """Evaluate numerator(x) / denominator(x), lowest powers first."""
    values = []
    for polynomial in coefficients:
        value = _like(polynomial[-1], x)
        for coefficient in polynomial[-2::-1]:
            value = value * x + _like(coefficient, x)
        values.append(value)
    return values[0] / values[1]


_MIDDLE = (
    (
        3.3871328727963666080,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ),
    (
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ),
)
_SHALLOW = (
    (
        1.42343711074968357734,
        4.63033784615654529590,
        5.76949722146069140550,
        3.64784832476320460504,
        1.27045825245236838258,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    (
        1.0,
        2.05319162663775882187,
        1.67638483018380384940,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
)
_DEEP = (
    (
        6.65790464350110377720,
        5.46378491116411436990,
        1.78482653991729133580,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)

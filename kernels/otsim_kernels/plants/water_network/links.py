"""The links that may change: their statuses and settings, and what is ordered of them.

Each link's are arrays of their own, f[n_twins]: a matrix would be copied whenever one row changes
while another is still to be read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from otsim_kernels.plants.water_network.network import ACTIVE, CLOSED, OPEN, Network

Array = Any
Rows = tuple[Array, ...]


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Links:
    """What may change; each row is [n_twins].

    Attributes:
        status: i32, of all links that are not plain pipes.
        setting: f, of pumps (the speed) and valves.
        fixed: bool, of valves: open or closed for good, whatever the setting.
    """

    status: Rows
    setting: Rows
    fixed: Rows


def first_links(network: Network, n_twins: int, dtype: Any) -> Links:
    """Return the links as the file has them."""
    return Links(
        status=tuple(jnp.full(n_twins, int(one), jnp.int32) for one in network.first_status),
        setting=tuple(jnp.full(n_twins, float(one), dtype) for one in network.first_setting),
        fixed=tuple(jnp.full(n_twins, bool(one)) for one in network.first_fixed),
    )


def status_of(network: Network, links: Links, k: int) -> Array:
    """Return the status of a link by its row."""
    return links.status[k - network.n_plain]


def setting_of(network: Network, links: Links, k: int) -> Array:
    """Return the setting of a pump or valve by its row."""
    return links.setting[k - network.n_pipes]


def is_fixed(network: Network, links: Links, k: int) -> Array:
    """Tell whether a valve is fixed."""
    return links.fixed[k - network.first_valve]


def works(network: Network, links: Links, k: int) -> Array:
    """Tell whether a valve holds its setting right now."""
    return ~is_fixed(network, links, k) & (status_of(network, links, k) == ACTIVE)


def with_status(network: Network, links: Links, k: int, status: Array) -> Links:
    """Return the links with one status replaced."""
    return replace(links, status=_replaced(links.status, k - network.n_plain, status))


def ordered_status(network: Network, links: Links, k: int, status: int, which: Array) -> Links:
    """Open or close a link in some twins: a pump at speed 1 or 0, a valve for good.

    Args:
        network: the network.
        links: before.
        k: row of the link.
        status: `OPEN` or `CLOSED`.
        which: bool[n_twins].
    """
    setting, fixed = None, None
    if network.n_pipes <= k < network.first_valve:
        setting = 1.0 if status == OPEN else 0.0
    if k >= network.first_valve:
        fixed = network.valves[k - network.first_valve].kind != "GPV"
    return _ordered(network, links, k, status=status, setting=setting, fixed=fixed, which=which)


def ordered_setting(network: Network, links: Links, k: int, setting: Array, which: Array) -> Links:
    """Give a pump its speed, or a valve its setting, in some twins; a pipe is closed at 0."""
    status = status_of(network, links, k)
    if k < network.n_pipes:
        order = jnp.where(jnp.asarray(setting) == 0.0, CLOSED, OPEN)
        return _ordered(network, links, k, status=order, setting=None, fixed=None, which=which)
    if k < network.first_valve:
        status = jnp.where((setting > 0.0) & (status <= CLOSED), OPEN, status)
        status = jnp.where((setting == 0.0) & (status > CLOSED), CLOSED, status)
        return _ordered(network, links, k, status=status, setting=setting, fixed=None, which=which)
    if network.valves[k - network.first_valve].kind == "FCV":
        status = jnp.full_like(status, ACTIVE)
    else:
        reopens = is_fixed(network, links, k) & (status <= CLOSED)
        status = jnp.where(reopens, OPEN, status)
    return _ordered(network, links, k, status=status, setting=setting, fixed=False, which=which)


def ordered_both(
    network: Network, links: Links, k: int, order: tuple[int, Array | None], which: Array
) -> Links:
    """Do what a simple control says: status and setting together, None fixing a valve."""
    status, setting = order
    fixed = None
    if k >= network.first_valve:
        fixed = setting is None
    if k < network.n_pipes:
        setting = None
    return _ordered(network, links, k, status=status, setting=setting, fixed=fixed, which=which)


def put_back(network: Network, links: Links, k: int, which: Array) -> Links:
    """Put a link back to what the file has at the beginning, in some twins."""
    order: dict[str, Any] = {"status": int(network.first_status[k - network.n_plain])}
    if k >= network.n_pipes:
        order["setting"] = float(network.first_setting[k - network.n_pipes])
    if k >= network.first_valve:
        order["fixed"] = bool(network.first_fixed[k - network.first_valve])
    return _ordered(network, links, k, which=which, **order)


def _ordered(network: Network, links: Links, k: int, *, which: Array, **order: Any) -> Links:
    """Replace a link's status, setting and whether it is fixed, where given, in some twins."""
    found = {}
    for name, value in order.items():
        if value is None:
            continue
        first = {
            "status": network.n_plain,
            "setting": network.n_pipes,
            "fixed": network.first_valve,
        }
        rows = getattr(links, name)
        place = k - first[name]
        after = jnp.where(which, jnp.asarray(value).astype(rows[place].dtype), rows[place])
        found[name] = _replaced(rows, place, after)
    return replace(links, **found)


def _replaced(rows: Rows, place: int, row: Array) -> Rows:
    return (*rows[:place], row, *rows[place + 1 :])


def chosen(condition: Array, yes: Any, no: Any) -> Any:
    """Choose between two trees of arrays twin by twin; what is the same object costs nothing."""
    return jax.tree.map(lambda a, b: a if a is b else jnp.where(condition, a, b), yes, no)


def any_differs(one: Rows, other: Rows) -> Array:
    """Tell in which twins any of the rows differs."""
    differs = [a != b for a, b in zip(one, other, strict=True) if a is not b]
    if not differs:
        return jnp.zeros(one[0].shape, bool) if one else jnp.zeros((), bool)
    return jnp.any(jnp.stack(differs), axis=0)


def nan_of(value: float) -> bool:
    """Tell whether a setting is none."""
    return bool(np.isnan(value))


__all__ = [
    "Links",
    "any_differs",
    "chosen",
    "first_links",
    "is_fixed",
    "ordered_both",
    "ordered_setting",
    "ordered_status",
    "put_back",
    "setting_of",
    "status_of",
    "with_status",
    "works",
]

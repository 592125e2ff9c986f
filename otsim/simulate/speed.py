"""How fast twins run on this machine, and how fast its device could do as many operations."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from otsim.simulate.devices import available_cores, available_workers
from otsim.simulate.kernel import Kernel, first_states, kernel_of, wide_floats
from otsim.simulate.routes import driver_in_use

__all__ = ["Speed", "measure_speed"]

PLANT, TICKS, TURNS = "tennessee_eastman", 1800, 5
_TWINS = {"cpu": 64}  # side by side: a block of a core; other devices need many more
_MANY_TWINS = 32_768
_CHAINS, _LINKS, _LOOPS = 16, 32, 4000  # of the multiply-adds that measure a core's limit


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Undisturbed twins of the Tennessee Eastman plant with noise, float32, on one device.

    Attributes:
        route: the driver in use.
        device: `core`, or `GPU`.
        devices: how many of them this process may use.
        ns_per_twin_second: time of a device for a second of one twin's life: processor time on a
            core, elapsed time on a GPU.
        operations: of one twin in one second of its life, as the plant is written.
        operations_per_ns: what plain multiply-adds reach on the same device.
    """

    route: str
    device: str
    devices: int
    ns_per_twin_second: float
    operations: int
    operations_per_ns: float

    @property
    def twin_hours_per_second(self) -> float:
        """Hours of plant time a second on all devices."""
        return self.devices * 1e9 / (self.ns_per_twin_second * 3600.0)

    @property
    def floor_ns(self) -> float:
        """What a tick would take if every operation were a multiply or an add at full speed."""
        return self.operations / self.operations_per_ns


def measure_speed() -> Speed:
    """Run twins for some seconds; the median of several turns."""
    import jax

    from otsim_kernels.control_loop import idle_plan
    from otsim_kernels.draws import stream_key

    on_cpu = jax.default_backend() == "cpu"
    n = _TWINS.get(jax.default_backend(), _MANY_TWINS)
    kernel = kernel_of(PLANT, (), integration="converged", noise=True, precision="float32")
    plan = idle_plan(stream_key(1, np.arange(n, dtype=np.uint32)), np.float32)
    state = first_states(kernel, n)
    driver = driver_in_use()

    def live() -> Any:
        with wide_floats(kernel):
            return driver.advance()(
                kernel.table, (), state=state, plan=plan, history={}, n_ticks=np.int32(TICKS)
            )

    return Speed(
        route=driver.name,
        device="core" if on_cpu else "GPU",
        devices=available_cores() if on_cpu else available_workers(),
        ns_per_twin_second=_usual_ns(live) / (n * TICKS),
        operations=_operations(kernel, state, plan),
        operations_per_ns=2.0 * n * _CHAINS * _LINKS * _LOOPS / _usual_ns(_multiply_adds(n)),
    )


def _usual_ns(call: Callable[[], Any]) -> float:
    import jax

    jax.block_until_ready(call())  # type: ignore[no-untyped-call]
    clock = time.process_time_ns if jax.default_backend() == "cpu" else time.perf_counter_ns
    spent = []
    for _ in range(TURNS):
        begin = clock()
        jax.block_until_ready(call())  # type: ignore[no-untyped-call]
        spent.append(clock() - begin)
    return max(statistics.median(spent), 1.0)


def _multiply_adds(n: int) -> Callable[[], Any]:
    """Return a call that does independent chains of multiply-adds on a block of twins."""
    import jax
    from jax import lax

    def one(_: Any, xs: tuple[Any, ...], a: Any, b: Any) -> tuple[Any, ...]:
        for _ in range(_LINKS):
            xs = tuple(x * a + b for x in xs)
        return xs

    @jax.jit
    def loop(xs: tuple[Any, ...], a: Any, b: Any) -> Any:
        return lax.fori_loop(0, _LOOPS, lambda i, xs: one(i, xs, a, b), xs)

    # of the same shape, or the compiler would see constants
    xs = tuple(np.linspace(i, i + 1, n, dtype=np.float32) for i in range(_CHAINS))
    return lambda: loop(xs, 0.9 + 0.01 * xs[0], 0.01 * xs[0])


def _operations(kernel: Kernel, state: Any, plan: Any) -> int:
    from otsim_kernels.drivers.operations import traced
    from otsim_kernels.drivers.time_loop import one_tick_of

    one_tick = one_tick_of(kernel.table, ())
    program, _ = traced(
        lambda twins, plans, rare: one_tick(twins, plans, rare, {})[0], state, plan, np.bool_(False)
    )
    return len(program.operations)

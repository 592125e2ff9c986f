"""What a run needs to know of the executor that it works with."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from otsim.errors import SimulationError

__all__ = ["WorkerLost", "Workplace"]


class WorkerLost(Exception):  # noqa: N818 - what happened, not a fault
    """The process that did a task ended before the task did; the message says how, in words.

    It is what a future raises. The executor itself goes on with new processes.
    """


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """An executor, and how to treat it.

    Attributes:
        executor: a future whose worker died raises `WorkerLost`.
        ahead: tasks to hand over before the first is done; what is done comes back in any order.
        most_deaths: a task that lost its worker so often is given up. More than 2 where the loss
            of a worker is also told of tasks that only waited there.
        n_idle: workers that stand idle until the first task; 0 where tasks are done at once.
    """

    executor: Executor
    ahead: int
    most_deaths: int = 2
    n_idle: int = 0

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        """Hand over one task; call what is returned to wait for its result.

        A task whose worker died is handed over again.

        Raises:
            SimulationError: when waiting, if too many workers died of it.
        """
        future = self.executor.submit(function, *arguments)

        def result() -> Any:
            asked = future
            for death in range(1, self.most_deaths + 1):
                try:
                    return asked.result()
                except WorkerLost as loss:
                    if death == self.most_deaths:
                        raise SimulationError(
                            f"{function.__name__}: {loss}, {death} times; free some memory or use "
                            "fewer --workers, then run the same command again"
                        ) from None
                    asked = self.executor.submit(function, *arguments)
            raise AssertionError("a task is asked for at least once")

        return result

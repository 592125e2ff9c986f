"""Work in this process."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import Any

__all__ = ["InProcess"]


class InProcess(Executor):
    """Runs each task at once, in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a task and return its result, or its error, as a future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

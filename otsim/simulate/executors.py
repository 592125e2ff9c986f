"""Where work runs: in this process, or in one process for each core."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from otsim.simulate.cpu_settings import prepare_cpu
from otsim.simulate.gpus import pin_to_gpu, usable_gpus

__all__ = ["available_cores", "available_workers", "spawned_workers", "worker_pool"]


def available_workers() -> int:
    """Return how many processes keep this machine busy: one a GPU, or else one a core."""
    return len(usable_gpus()) or available_cores()


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def worker_pool(workers: int) -> Iterator[Executor]:
    """Offer an executor with so many workers; with one, work runs in this process.

    Where there are GPUs, each worker sees one of them.
    """
    prepare_cpu()
    if workers <= 1:
        yield _Inline()
        return
    with spawned_workers(workers) as pool:
        yield pool


@contextmanager
def spawned_workers(workers: int) -> Iterator[Executor]:
    """Offer so many processes. They are spawned, never forked, as JAX has threads.

    They end when this process does.
    """
    prepare_cpu()
    context = multiprocessing.get_context("spawn")
    names = usable_gpus()
    places = None
    if names:
        places = context.Queue()
        for worker in range(workers):
            places.put((names[worker % len(names)], workers > len(names)))
    pool = ProcessPoolExecutor(
        workers,
        mp_context=context,
        initializer=_begin_worker,
        initargs=(os.getpid(), places),
    )
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


class _Inline(Executor):
    """Runs each task at once, in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a task and return its result, or its error, as a future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _begin_worker(parent: int, gpus: Any) -> None:
    """Take a GPU, where there are some, before JAX starts."""
    if gpus is not None:
        name, shared = gpus.get()
        pin_to_gpu(name, shared=shared)
    _end_with_parent(parent)


def _end_with_parent(parent: int) -> None:
    """A worker whose parent was killed would wait for work for ever."""
    # Ctrl-C goes to the whole group; the parent alone decides what becomes of it.
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

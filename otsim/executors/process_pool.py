"""One process for each core or GPU; one that dies is replaced, and only its task hears of it."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from otsim.executors.workplace import WorkerLost
from otsim.simulate.cpu_settings import prepare_cpu
from otsim.simulate.gpus import pin_to_gpu, usable_gpus

__all__ = ["SpawnedPool", "spawned_workers"]

_KNOWN_ENDS = {
    -signal.SIGKILL: "killed, as the system does when memory runs out",
    -signal.SIGSEGV: "crashed",
}
_LOOK_S = 0.5  # how often a worker looks whether its parent lives


@contextmanager
def spawned_workers(workers: int) -> Iterator[Executor]:
    """Offer so many processes. They are spawned, never forked, as JAX has threads.

    They end when this process does. Where there are GPUs, each worker sees one of them.
    """
    prepare_cpu()
    pool = SpawnedPool(workers, usable_gpus())
    try:
        yield pool
    except BaseException:
        pool.stop_now()
        raise
    pool.shutdown()


class SpawnedPool(Executor):
    """Processes of one task at a time, each with a thread here that waits for it."""

    def __init__(self, workers: int, gpus: tuple[str, ...] = ()) -> None:
        """Start no process yet; the first task of each does.

        Args:
            workers: how many processes.
            gpus: names of GPUs, dealt out to the workers in turn.
        """
        shared = workers > len(gpus)
        places = [(gpus[i % len(gpus)], shared) if gpus else None for i in range(workers)]
        self._workers = [_Worker(place) for place in places]
        self._free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._free.put(worker)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="otsim-worker")

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a task to the next free process; its future raises `WorkerLost` if that dies."""
        return self._threads.submit(self._run, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the tasks end, then the processes."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        for worker in self._workers:
            worker.end(wait=wait)

    def stop_now(self) -> None:
        """End all processes in the middle of what they do."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.stop_now()

    def _run(self, fn: Any, args: Any, kwargs: Any) -> Any:
        worker = self._free.get()
        try:
            return worker.call(fn, args, kwargs)
        finally:
            self._free.put(worker)


class _Worker:
    """A process that is started when it is needed, and again when it has died."""

    def __init__(self, place: tuple[str, bool] | None) -> None:
        self._place = place
        self._pool: ProcessPoolExecutor | None = None
        self._stopped = False

    def call(self, fn: Any, args: Any, kwargs: Any) -> Any:
        if self._stopped:
            raise WorkerLost("the run was stopped")
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin_worker,
                initargs=(os.getpid(), self._place),
            )
        pool = self._pool
        process: Any = None
        try:
            future = pool.submit(fn, *args, **kwargs)
            process = next(iter((pool._processes or {}).values()), None)
            return future.result()
        except BrokenProcessPool:
            self._pool = None
            pool.shutdown(wait=True)
            raise WorkerLost(_how_it_ended(process)) from None

    def end(self, *, wait: bool) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=wait)

    def stop_now(self) -> None:
        self._stopped = True
        pool = self._pool
        if pool is None:
            return
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)


def _how_it_ended(process: Any) -> str:
    code = None if process is None else process.exitcode
    if code is None:
        return "its process ended"
    if code in _KNOWN_ENDS:
        return f"its process was {_KNOWN_ENDS[code]}"
    return f"its process ended with {code}"


def _begin_worker(parent: int, place: tuple[str, bool] | None) -> None:
    """Take a GPU, where there are some, before JAX starts."""
    if place is not None:
        pin_to_gpu(place[0], shared=place[1])
    # Ctrl-C goes to the whole group; the parent alone decides what becomes of a worker.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: it would wait for work for ever."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)

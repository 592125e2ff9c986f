"""Ctrl-C and SIGTERM, also where Python does not listen: while a compiler runs, for one."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from otsim.cli.failures import exit_code_of, told
from otsim.errors import Terminated

__all__ = ["prompt_interrupts"]

GRACE_S = 3.0
_ENDINGS: dict[int, type[KeyboardInterrupt]] = {
    signal.SIGINT: KeyboardInterrupt,
    signal.SIGTERM: Terminated,
}


@contextmanager
def prompt_interrupts(*, as_json: bool) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end the process within seconds, and the second at once.

    Python raises `KeyboardInterrupt` only when it runs again, and compiling a plant takes 20 s.
    What is committed is whole at any moment, so the process may end wherever it is.

    Args:
        as_json: how to tell that it was interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, wakened = socket.socketpair()
    wakened.setblocking(False)
    before = signal.set_wakeup_fd(wakened.fileno(), warn_on_full_buffer=False)
    asked: list[KeyboardInterrupt] = []
    watcher = threading.Thread(target=_watch, args=(heard, asked, as_json), daemon=True)
    watcher.start()
    on_term = signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, on_term)
        signal.set_wakeup_fd(before)
        wakened.close()
        watcher.join()
    if asked:
        # Python raised it where exceptions end, in a destructor for one
        raise asked[0]


def _raise_terminated(_number: int, _frame: object) -> None:
    raise Terminated


def _watch(heard: socket.socket, asked: list[KeyboardInterrupt], as_json: bool) -> None:
    """Wait for Ctrl-C or SIGTERM, then for the end of the work or a second one."""
    with heard:
        while number := heard.recv(1):
            if number[0] in _ENDINGS:
                break
        else:
            return
        ending = _ENDINGS[number[0]]()
        asked.append(ending)
        heard.settimeout(GRACE_S)
        try:
            ended = not heard.recv(1)
        except TimeoutError:
            ended = False
    if not ended:
        told(ending, as_json=as_json)
        sys.stdout.flush()
        os._exit(exit_code_of(ending))

"""What this process writes, starts or connects to, as Python itself tells it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Deed", "deeds", "written_outside"]

Deed = tuple[str, str]
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink",
            "os.truncate", "os.chmod", "os.chown", "os.utime")  # fmt: skip
_STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork",
           "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto")  # fmt: skip
_kept: list[list[Deed]] = []


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if not _kept:
        return
    if event == "open":
        path, _mode, flags = args
        if isinstance(path, str | bytes) and isinstance(flags, int) and flags & _WRITES:
            _kept[-1].append(("open", os.fsdecode(path)))
    elif event in _CHANGES:
        targets = args[:2] if event in ("os.rename", "os.link", "os.symlink") else args[:1]
        _kept[-1].extend((event, os.fsdecode(t)) for t in targets if isinstance(t, str | bytes))
    elif event in _STARTS:
        _kept[-1].append((event, str(args[:2])))


sys.addaudithook(_hear)  # there is no way to take it off again; it is idle outside `deeds`


@contextmanager
def deeds() -> Iterator[list[Deed]]:
    """Gather every write, new process and connection of this process."""
    _kept.append(found := [])
    try:
        yield found
    finally:
        _kept.remove(found)


def written_outside(found: list[Deed], *allowed: Path) -> list[Deed]:
    """Return what was written elsewhere than below some folders, and all that was started."""
    roots = [folder.resolve() for folder in allowed]

    def is_inside(path: str) -> bool:
        at = Path(path)
        real = at.parent.resolve() / at.name  # a link that is replaced is written where it stands
        return any(real.is_relative_to(root) for root in roots) or path == os.devnull

    return [deed for deed in found if deed[0] in _STARTS or not is_inside(deed[1])]

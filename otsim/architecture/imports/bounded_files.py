"""Files of other tools, read up to a limit and no further."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from pathlib import Path

from otsim.config.yaml_lines import one_line
from otsim.errors import ConfigError

__all__ = ["read_bytes", "read_text", "shown_name"]

_GZIP = b"\x1f\x8b"


def shown_name(path: str | Path) -> str:
    """Return what messages call a file."""
    name = os.fspath(path)
    return "<stdin>" if name == "-" else one_line(name)


def read_bytes(path: str | Path, max_bytes: int) -> bytes:
    """Read a file, unpacking it if it is gzip; `-` is standard input.

    Args:
        path: the file.
        max_bytes: the most that it may hold, unpacked.

    Raises:
        ConfigError: it cannot be read or unpacked, or is larger.
    """
    name = shown_name(path)
    try:
        if os.fspath(path) == "-":
            raw = sys.stdin.buffer.read(max_bytes + 1)
        else:
            with open(path, "rb") as file:
                raw = file.read(max_bytes + 1)
        if raw.startswith(_GZIP) and len(raw) <= max_bytes:
            raw = _unpacked(raw, max_bytes)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise ConfigError(f"{name}: damaged gzip file; fetch it again") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{name}: cannot be read ({reason}); check the path") from None
    if len(raw) > max_bytes:
        raise ConfigError(f"{name}: larger than {max_bytes // 1_000_000} MB; is it the right file?")
    return raw


def read_text(path: str | Path, max_bytes: int) -> str:
    """Read a file as UTF-8, with or without a byte-order mark.

    Raises:
        ConfigError: as `read_bytes` does, or the bytes are not UTF-8.
    """
    raw = read_bytes(path, max_bytes)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{raw[error.start]:02x}"
        message = f"{byte} is not UTF-8; save the file as UTF-8"
        raise ConfigError(f"{shown_name(path)}:{line}: {message}") from None


def _unpacked(raw: bytes, max_bytes: int) -> bytes:
    """Unpack gzip one byte beyond the limit at most, whatever it claims to hold."""
    with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:  # of one member or of several
        return packed.read(max_bytes + 1)

"""EPANET's own engines, where a package brings them: 2.2 out of `wntr`, 2.3 out of `owa-epanet`.

Their libraries are loaded by themselves: importing wntr takes seconds, and warns.
"""

from __future__ import annotations

import ctypes
import platform
import re
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

__all__ = ["Engine", "EpanetError", "engines", "shipped_network"]

_DURATION, _ACCURACY, _ITERATIONS = 0, 1, 0
_FATAL = 100  # codes below are warnings


class EpanetError(Exception):
    """The engine refuses a file or stops."""


def _folder_of(package: str) -> Path | None:
    found = find_spec(package)
    places = found.submodule_search_locations if found else None
    return Path(places[0]) if places else None


def shipped_network(name: str) -> Path | None:
    """An example network of wntr's, such as `Net3`; None where wntr is not installed."""
    folder = _folder_of("wntr")
    return folder / "library" / "networks" / f"{name}.inp" if folder else None


def engines() -> dict[str, Path]:
    """The libraries that are installed, by version."""
    wntr, owa = _folder_of("wntr"), _folder_of("epanet")
    if sys.platform == "darwin":
        is_arm = "arm" in platform.machine().lower()
        places = ("darwin-arm/libepanet2.dylib" if is_arm else "darwin-x64/libepanet22.dylib",)
        places = (*places, "libepanet2.dylib")
    elif sys.platform == "win32":
        places = ("windows-x64/epanet22.dll", "epanet2.dll")
    else:
        places = ("linux-x64/libepanet22.so", "libepanet2.so")
    found = {
        "2.2": wntr / "epanet" / "libepanet" / places[0] if wntr else None,
        "2.3": owa / places[1] if owa else None,
    }
    return {version: path for version, path in found.items() if path and path.exists()}


class Engine:
    """A file opened by an engine, between `ENopenH` and `ENcloseH`.

    2.3 converts the power of a constant-power pump twice in SI units (MODEL.md of the reference):
    it is given what makes up for that.
    """

    def __init__(
        self, inp: Path, *, version: str = "2.2", duration_s: int | None = None,
        accuracy: float | None = None,
    ) -> None:  # fmt: skip
        self.inp, self.version, self.duration_s, self.accuracy = inp, version, duration_s, accuracy
        self._project, self._library = ctypes.c_void_p(), ctypes.CDLL(str(engines()[version]))

    def __enter__(self) -> Engine:
        self._folder = tempfile.TemporaryDirectory()
        report = Path(self._folder.name) / "report.txt"
        self._library.EN_createproject(ctypes.byref(self._project))
        self._call("open", str(self._given()).encode(), str(report).encode(), b"")
        if self.duration_s is not None:
            self._call("settimeparam", _DURATION, ctypes.c_long(self.duration_s))
        if self.accuracy is not None:
            self._call("setoption", _ACCURACY, ctypes.c_double(self.accuracy))
        self._call("openH")
        self._call("initH", 0)
        return self

    def _given(self) -> Path:
        """The file, with constant powers as the engine needs them."""
        text = self.inp.read_text(encoding="utf-8", errors="replace")
        metric = re.search(r"(?im)^\s*UNITS\s+(LPS|LPM|MLD|CMH|CMD)", text)
        if self.version != "2.3" or metric is None or "POWER" not in text:
            return self.inp
        changed = re.sub(
            r"(POWER\s+)([\d.eE+-]+)", lambda m: f"{m[1]}{float(m[2]) * 0.7457:.12g}", text
        )
        path = Path(self._folder.name) / self.inp.name
        path.write_text(changed, encoding="utf-8")
        return path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for what in ("closeH", "close", "deleteproject"):
            getattr(self._library, f"EN_{what}")(self._project)
        self._folder.cleanup()

    def _call(self, what: str, *arguments: object) -> int:
        code = int(getattr(self._library, f"EN_{what}")(self._project, *arguments))
        if code >= _FATAL:
            text = ctypes.create_string_buffer(256)
            self._library.EN_geterror(code, text, 255)
            raise EpanetError(f"EN_{what}: {text.value.decode()}")
        return code

    def index(self, kind: str, name: str) -> int:
        """The engine's number of a `node` or `link`."""
        found = ctypes.c_int()
        self._call(f"get{kind}index", name.encode(), ctypes.byref(found))
        return found.value

    def value(self, kind: str, index: int, what: int) -> float:
        """A value of a `node` or `link`."""
        found = ctypes.c_double()
        self._call(f"get{kind}value", index, what, ctypes.byref(found))
        return found.value

    def solve(self) -> tuple[int, int]:
        """Solve; returns the time, s, and the warning."""
        time_s = ctypes.c_long()
        warning = self._call("runH", ctypes.byref(time_s))
        return time_s.value, warning

    def trials(self) -> int:
        """Trials of the last solve."""
        found = ctypes.c_double()
        self._call("getstatistic", _ITERATIONS, ctypes.byref(found))
        return round(found.value)

    def step(self) -> int:
        """Go on to the next solve; returns the seconds to it, 0 at the end."""
        seconds = ctypes.c_long()
        self._call("nextH", ctypes.byref(seconds))
        return seconds.value

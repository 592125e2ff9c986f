"""EPANET's own engines, run solve by solve: 2.2 out of the package `wntr`, 2.3 out of `owa-epanet`.

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

import numpy as np

from otsim.config.epanet import WaterNetwork
from otsim.config.epanet.network import Pump, Tank, Valve
from water.network_run import Run

XHEAD, OPEN, XFLOW = 0, 3, 5
_DEMAND, _HEAD = 9, 10  # of nodes, as the toolkit numbers them
_FLOW, _SETTING, _STATE = 8, 12, 16  # of links; the state of any link is its status code
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


def run_epanet(
    inp: Path, given: WaterNetwork, *, version: str = "2.2", duration_s: int | None = None,
    accuracy: float | None = None,
) -> Run:  # fmt: skip
    """Run a file as `run_network` runs a network.

    Args:
        inp: the file.
        given: what it holds.
        version: of the engine, `2.2` or `2.3`.
        duration_s, accuracy: other than in the file.
    """
    solves, nodes, links = [], [], []
    with Engine(inp, version=version, duration_s=duration_s, accuracy=accuracy) as engine:
        node = [engine.index("node", name) for name in given.nodes]
        link = [engine.index("link", name) for name in given.links]
        while True:
            time_s, warning = engine.solve()
            trials = engine.trials()
            nodes.append([[engine.value("node", i, v) for v in (_HEAD, _DEMAND)] for i in node])
            links.append(
                [[engine.value("link", i, v) for v in (_FLOW, _STATE, _SETTING)] for i in link]
            )
            solves.append((time_s, engine.step(), warning, trials))
            if not solves[-1][1]:
                break
    return _gathered(given, np.array(solves).T, np.array(nodes), np.array(links))


def _gathered(given: WaterNetwork, solves: np.ndarray, nodes: np.ndarray, links: np.ndarray) -> Run:
    time_s, step_s, warning, trials = solves
    tanks = {name: node for name, node in given.nodes.items() if isinstance(node, Tank)}
    head = {name: nodes[:, i, 0] for i, name in enumerate(given.nodes)}
    demand = {name: nodes[:, i, 1] for i, name in enumerate(given.nodes)}
    flow = {name: links[:, i, 0] for i, name in enumerate(given.links)}
    # a pump that is open is told XFLOW beyond its curve's end, and XHEAD where water flows back
    code = links[..., 1].astype(int)
    code = np.where((code == XFLOW) | ((code == XHEAD) & (links[..., 0] != 0.0)), OPEN, code)
    return Run(
        time_s=time_s,
        step_s=step_s,
        trials=trials,
        warning=warning,
        head=head,
        flow=flow,
        status={name: code[:, i] for i, name in enumerate(given.links)},
        setting={
            name: links[:, i, 2]
            for i, (name, link) in enumerate(given.links.items())
            if isinstance(link, Pump) or (isinstance(link, Valve) and link.kind != "GPV")
        },
        level={name: head[name] - tank.elevation for name, tank in tanks.items()},
        inflow={name: demand[name] for name in tanks},
    )

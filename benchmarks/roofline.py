"""The fused GPU kernel against the limit of its instructions, and against the plain scan.

Tennessee Eastman, `converged`, noise on, float32. The limit is what the schedulers can issue:
multiprocessors x 4 x 32 lanes x clock / instructions of the loop, counted in the machine code.
Appends to `benchmarks/results/roofline.jsonl`. Needs a GPU, `otsim[gpu]`, and `cuobjdump`
of the CUDA toolkit on the path. On a machine without a GPU, `--compile-only sm_90`
counts alone.

Usage: python benchmarks/roofline.py [--twins 135168] [--ticks 3600] [--compile-only ARCH]
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in (".", "kernels")]

from benchmarks.idle_twins import IdleTwins, idle_twins, none_has_ended  # noqa: E402
from benchmarks.rows import about_this_machine, append_lines  # noqa: E402

SCHEDULERS, LANES = 4, 32
_INSTRUCTION = re.compile(r"^\s*/\*([0-9a-f]{4,})\*/\s+(.*?);")
_JUMP = re.compile(r"\bBRA(?:\.\w+)*\s+(?:.*?)(0x[0-9a-f]+)")


def kernel_source(twins: IdleTwins) -> Any:
    from otsim_kernels.drivers.cuda_source import fused_source

    return fused_source(twins.plant, (), state=twins.state, plan=twins.plan, history={})


def loop_instructions(cubin: bytes) -> dict[str, int] | None:
    """Count the instructions of the time loop; None without a disassembler.

    The loop is the widest span that a jump backwards closes. Code within it that a forward jump
    skips in most ticks (the analysers) is counted too: the limit errs on the low side by that.
    """
    tool = shutil.which("cuobjdump")
    if tool is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernel.cubin"
        path.write_bytes(cubin)
        text = subprocess.run(
            [tool, "-sass", str(path)], capture_output=True, text=True, check=True
        ).stdout
    found = [(int(m[1], 16), m[2]) for m in map(_INSTRUCTION.match, text.splitlines()) if m]
    loops = [
        (int(jump[1], 16), at)
        for at, what in found
        if (jump := _JUMP.search(what)) and int(jump[1], 16) < at
    ]
    first, last = max(loops, key=lambda span: span[1] - span[0])
    within = [what for at, what in found if first <= at <= last]
    moves = sum(1 for what in within if re.search(r"\b(LDL|STL)\b", what))
    return {"instructions": len(found), "loop_instructions": len(within), "spill_moves": moves}


def compile_facts(twins: IdleTwins, arch: str) -> dict[str, Any]:
    """Compile the kernel and tell registers, spills and instructions."""
    from otsim_kernels.drivers.fused_gpu import compiled

    code, said = compiled(kernel_source(twins).text, arch=arch, verbose=True)
    registers = re.search(r"Used (\d+) registers", said)
    spills = re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", said)
    return {
        "arch": arch,
        "registers": int(registers[1]) if registers else None,
        "spill_store_bytes": int(spills[1]) if spills else None,
        "spill_load_bytes": int(spills[2]) if spills else None,
        **(loop_instructions(code.code) or {}),
    }


def seconds_of(call: Callable[[], Any], repeats: int) -> float:
    """Return the median wall time of a call, after one that warms up."""
    call()
    spent = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent)


def fused_rate(twins: IdleTwins, n_ticks: int, repeats: int) -> tuple[float, float]:
    """Return twin-seconds a second of the kernel, transfers apart, and the clock meanwhile."""
    from otsim_kernels.drivers.fused_gpu import Loaded

    n = len(np.asarray(twins.state.clock))
    loaded = Loaded(kernel_source(twins), twins.state, twins.plan, {})
    with clock_under_load() as clocks_mhz:
        spent = seconds_of(lambda: loaded.launch(n, 0, n_ticks), repeats)
    state, _ = loaded.result(twins.state)
    none_has_ended(state)
    return n * n_ticks / spent, statistics.median(clocks_mhz)


def plain_rate(twins: IdleTwins, n_ticks: int, repeats: int) -> float:
    """Return twin-seconds a second of the plain scan."""
    from otsim_kernels.drivers import reference

    n = len(np.asarray(twins.state.clock))
    return n * n_ticks / seconds_of(twins.advance_by(reference.advance, n_ticks), repeats)


@contextmanager
def clock_under_load() -> Iterator[list[float]]:
    """Read the clock ten times a second while something runs; filled at the end, MHz."""
    asked = ["nvidia-smi", "--query-gpu=clocks.sm", "--format=csv,noheader,nounits", "-lms", "100"]
    found: list[float] = []
    with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) as reader:
        try:
            yield found
        finally:
            reader.terminate()
            told, _ = reader.communicate()
            found += [float(line) for line in told.splitlines() if line.strip()]


def smi(question: str) -> str:
    """Ask the driver's tool."""
    asked = ["nvidia-smi", f"--query-gpu={question}", "--format=csv,noheader,nounits", "-i", "0"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Run both routes on the GPU and compare with the limit."""
    from cuda.core import Device

    device = Device(0)
    device.set_current()
    twins = idle_twins(options.twins, dtype="float32", noise=True, integration="converged")
    facts = compile_facts(twins, f"sm_{device.arch}")
    fused, clock_mhz = fused_rate(twins, options.ticks, options.repeats)
    plain = {
        n: plain_rate(
            idle_twins(n, dtype="float32", noise=True, integration="converged"),
            options.plain_ticks, 2,
        )
        for n in sorted({options.twins, options.twins // 4})
    }  # fmt: skip
    best = max(plain.values())
    line = {
        **about_this_machine(),
        "device": smi("name"),
        "twins": options.twins,
        "ticks": options.ticks,
        **facts,
        "multiprocessors": device.properties.multiprocessor_count,
        "clock_mhz": clock_mhz,
        "highest_clock_mhz": float(smi("clocks.max.sm")),
        "fused_twin_hours_per_s": round(fused / 3600.0),
        "plain_twin_hours_per_s": {str(n): round(rate / 3600.0) for n, rate in plain.items()},
        "times_plain": round(fused / best, 2),
    }
    if "loop_instructions" in facts:
        lanes = line["multiprocessors"] * SCHEDULERS * LANES
        bound = lanes * clock_mhz * 1e6 / facts["loop_instructions"]
        line["bound_twin_hours_per_s"] = round(bound / 3600.0)
        line["share_of_bound"] = round(fused / bound, 3)
    return line


def main() -> None:
    """Measure and append, or compile alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--twins", type=int, default=135_168, help="four full waves of an H200")
    parser.add_argument("--ticks", type=int, default=3600, help="seconds of plant time")
    parser.add_argument("--plain-ticks", type=int, default=120, help="likewise, of the plain scan")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--compile-only", metavar="ARCH", help="such as sm_90; needs no GPU")
    options = parser.parse_args()
    if options.compile_only:
        twins = idle_twins(256, dtype="float32", noise=True, integration="converged")
        print(json.dumps(compile_facts(twins, options.compile_only), indent=1))
        return
    line = measured(options)
    append_lines("roofline.jsonl", [line])
    print(json.dumps(line, indent=1))


if __name__ == "__main__":
    main()

"""Attack graphs: worlds a core draws and solves in a second, beside a compiled per-sample loop.

Both sides work on the same compiled graph of a made-up plant (`otsim.architecture.generate`). The
loop (`plain_worlds`, numba) takes one world after the other: a time for each step, a chance for
each that may not exist, then ordered sweeps or Knuth's search, whichever is quicker. otsim draws
and solves blocks of worlds side by side. Before anything is timed, both solve the same stored
worlds and must find the same times, bit for bit; alone, the solving is timed on these. Each side
draws with its own generator, lognormal and exponential times alike; the loop spares itself what few
others there are. CPU time of one thread, best of three rounds.

    python benchmarks/attack_graph.py [--assets 97 970] [--quick]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

# One thread, as the comparison is by core; before JAX starts.
os.environ["XLA_FLAGS"] = " ".join(
    [os.environ.get("XLA_FLAGS", ""), "--xla_cpu_multi_thread_eigen=false"]
).strip()
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from plain_worlds import laws_of, network_of, plain_solvers

from otsim.architecture.attack_graph import AttackGraph
from otsim.architecture.generate import generate_architecture
from otsim.architecture.graph.build import attack_graph
from otsim.architecture.graph.reachable import pruned
from otsim.attack.step_arrays import in_drawing_order, step_arrays
from otsim.attack.tree_program import compile_tree, leaf_names
from otsim.config.attack_tree import AttackTree
from otsim.config.study_attackers import Profile
from otsim.simulate.cpu_settings import prepare_cpu, processor_name

ROUNDS = 3
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=int, nargs="+", default=[97, 970])
    parser.add_argument("--quick", action="store_true", help="few worlds, nothing written")
    given = parser.parse_args()
    prepare_cpu()
    rows = [row for assets in given.assets for row in _measured(assets, quick=given.quick)]
    for row in rows:
        print(json.dumps(row))
    if not given.quick:
        RESULTS.mkdir(exist_ok=True)
        stamp = time.strftime("%Y-%m-%d")
        told = {"date": stamp, "processor": processor_name(), "rows": rows}
        (RESULTS / f"attack_graph_{stamp}.json").write_text(json.dumps(told, indent=1) + "\n")


def _measured(assets: int, *, quick: bool) -> list[dict[str, Any]]:
    graph = attack_graph(generate_architecture(assets, 1))
    needs = list(graph.needs.values())
    return [
        _row(f"{assets} assets{name}", one, needs, quick=quick)
        for name, one in (("", graph), (", pruned to the goals", pruned(graph, needs)))
    ]


def _row(name: str, graph: AttackGraph, needs: list[str], *, quick: bool) -> dict[str, Any]:
    tree = AttackTree.model_construct(
        title=None,
        description=None,
        roots=[*graph.nodes],
        nodes=in_drawing_order(graph.nodes, graph.steps),
    )
    # All nodes are asked for in the full graph, so that none is dropped; goals alone if pruned.
    asked = needs if "pruned" in name else [*graph.nodes]
    started = time.perf_counter()
    program = compile_tree(tree, nodes=asked, worlds=False)
    compiled_s = time.perf_counter() - started
    profiles = [Profile(share=1.0, skill="intermediate")]
    bare = {name: replace(step, prevented_by=()) for name, step in graph.steps.items()}
    steps = step_arrays(tree, bare, profiles, [])
    ours, ours_solve, first_s, worlds = _ours(program, steps, quick=quick)
    plain = _theirs(program, steps, worlds, quick=quick)
    theirs = max(rate for rate, _ in plain.values())
    theirs_solve = max(rate for _, rate in plain.values())
    return {
        "graph": name,
        "nodes": len(graph.nodes),
        "edges": sum(len(node.children) for node in graph.nodes.values()),
        "leaves": len(leaf_names(tree)),
        "instructions": len(program.instructions),
        "largest_ring": _largest_ring(program),
        "lowering_s": round(compiled_s, 2),
        "first_call_s": round(first_s, 2),
        "samples_per_core_s": round(ours),
        "numba_samples_per_core_s": round(theirs),
        "ratio": round(ours / theirs, 2),
        "solve_samples_per_core_s": round(ours_solve),
        "numba_solve_samples_per_core_s": round(theirs_solve),
        "ratio_solve": round(ours_solve / theirs_solve, 2),
        "numba": {name: [round(rate) for rate in both] for name, both in plain.items()},
    }


def _largest_ring(program: Any) -> int:
    return int(max((end - first for first, end, again in program.segments if again), default=0))


def _rate(run: Callable[[], object], n: int) -> float:
    """Samples in a second of CPU time, best of the rounds."""
    best = np.inf
    for _ in range(ROUNDS):
        started = time.process_time()
        run()
        best = min(best, time.process_time() - started)
    return n / best


def _ours(program: Any, steps: Any, *, quick: bool) -> tuple[float, float, float, Any]:
    import jax
    import jax.numpy as jnp

    from otsim_kernels.attack_campaign import leaf_draws
    from otsim_kernels.attack_timeline import timeline
    from otsim_kernels.draws import stream_key

    program, steps = jax.tree.map(jnp.asarray, (program, steps))
    lanes = 256 if program.n_rows <= 20_000 else 64
    blocks = 4 if quick else max(4, 65_536 // lanes if program.n_rows <= 20_000 else 8_192 // lanes)

    def drawn(steps: Any, first: Any) -> Any:
        key = stream_key(1, (first + jnp.arange(lanes)).astype(jnp.uint32))
        slot, profile = jnp.zeros(lanes, jnp.uint32), jnp.zeros(lanes, jnp.int32)
        effect = jnp.ones((1, lanes), jnp.float32)
        return leaf_draws(key, steps, slot=slot, profile=profile, effect=effect)

    def solved(program: Any, times: Any, exists: Any) -> Any:
        return timeline(program, leaf_time=times, leaf_exists=exists).time.max(axis=0)

    # The graph is an argument, as in a study: one compilation serves all of its size.
    @jax.jit
    def both(program: Any, steps: Any) -> Any:
        firsts = jnp.arange(blocks) * lanes
        return jax.lax.map(lambda first: solved(program, *drawn(steps, first)), firsts).sum()

    @jax.jit
    def solve(program: Any, times: Any, exists: Any) -> Any:
        shifts = jnp.arange(blocks, dtype=times.dtype)
        return jax.lax.map(lambda k: solved(program, times + k, exists), shifts).sum()

    started = time.perf_counter()
    both(program, steps).block_until_ready()
    first_s = time.perf_counter() - started
    leaves = jax.jit(drawn)(steps, 0)
    solve(program, *leaves).block_until_ready()
    n = blocks * lanes
    times, exists = (np.asarray(each) for each in leaves)
    alone = jax.jit(lambda program, t, e: timeline(program, leaf_time=t, leaf_exists=e).time)
    found = np.asarray(alone(program, *leaves)).T
    return (
        _rate(lambda: both(program, steps).block_until_ready(), n),
        _rate(lambda: solve(program, *leaves).block_until_ready(), n),
        first_s,
        (np.ascontiguousarray(np.where(exists, times, np.inf).T.astype(np.float32)), found),
    )


def _theirs(
    program: Any, steps: Any, worlds: Any, *, quick: bool
) -> dict[str, tuple[float, float]]:
    """Rates of the plain loops, draws included and alone, after a look at what they find."""
    times, found = worlds
    solvers = plain_solvers(network_of(program, times.shape[1]), laws_of(steps))
    n = 64 if quick else max(256, 20_000_000 // max(len(program.instructions), 1))
    many = np.tile(times, (max(1, n // len(times)), 1))
    rates = {}
    for name, (both, solve) in solvers.items():
        if not np.array_equal(solve(times), found):
            raise SystemExit(f"{name}: other times than otsim's; nothing is compared")
        both(2)
        rates[name] = (
            _rate(lambda both=both: both(n), n),
            _rate(lambda solve=solve: solve(many), len(many)),
        )
    return rates


if __name__ == "__main__":
    main()

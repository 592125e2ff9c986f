"""Attack graphs: worlds a core draws and solves in a second, beside a compiled per-sample loop.

Both sides work on the same compiled graph of a made-up plant (`otsim.architecture.generate`), draw
the same laws and find the same least times. The loop (numba) takes one world after the other: a
lognormal or another time for each step, a chance for each that may not exist, then the instructions
in order, rings swept until nothing moves. otsim draws and solves blocks of worlds side by side.
CPU time of one thread, best of three rounds, draws included; the solving alone is timed too.

    python benchmarks/attack_graph.py [--assets 97 970] [--quick]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

# One thread, as the comparison is by core; before JAX starts.
os.environ["XLA_FLAGS"] = " ".join(
    [os.environ.get("XLA_FLAGS", ""), "--xla_cpu_multi_thread_eigen=false"]
).strip()
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

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
FIXED, EXPONENTIAL = -1.0, -2.0  # in place of the sigma of a lognormal, in the plain loop
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
    ours, ours_solve, first_s = _ours(program, steps, quick=quick)
    theirs, theirs_solve = _theirs(program, steps, quick=quick)
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


def _ours(program: Any, steps: Any, *, quick: bool) -> tuple[float, float, float]:
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
    return (
        _rate(lambda: both(program, steps).block_until_ready(), n),
        _rate(lambda: solve(program, *leaves).block_until_ready(), n),
        first_s,
    )


def _theirs(program: Any, steps: Any, *, quick: bool) -> tuple[float, float]:
    """The plain loop: the laws of the leaves as arrays, one world at a time."""
    laws = _plain_laws(steps)
    n = 64 if quick else max(256, 20_000_000 // max(len(program.instructions), 1))
    table = np.empty(program.n_rows, np.float32)
    world = partial(
        _loop(),
        np.asarray(program.instructions),
        np.asarray(program.segments),
        table,
        np.asarray(program.time_rows),
        *laws,
    )
    world(2, True)
    drawn = _rate(lambda: world(n, True), n)
    return drawn, _rate(lambda: world(n, False), n)


def _plain_laws(steps: Any) -> tuple[np.ndarray, ...]:
    """Chance, mu and sigma of each leaf, of its three processes if it is an exploit."""
    chance = (np.asarray(steps.exists_limit)[0] / 2.0**31).astype(np.float32)
    n = chance.size
    mu = np.zeros((n, 3), np.float32)
    sigma = np.zeros(n, np.float32)
    odds = np.ones((n, 2), np.float32)
    n_own = len(steps.time_h.owners)
    own_mu, own_sigma = _own_laws(steps.time_h)
    for leaf in range(n):
        if leaf < n_own:
            mu[leaf], sigma[leaf] = own_mu[leaf], own_sigma[leaf]
        else:
            i = leaf - n_own
            mu[leaf] = steps.exploits.mu[:, 0, i]
            sigma[leaf] = steps.exploits.sigma[i, 0]
            odds[leaf] = np.asarray(steps.exploits.limits)[:, 0, i] / 2.0**31
    return chance, odds, mu, sigma


def _own_laws(bank: Any) -> tuple[np.ndarray, np.ndarray]:
    """The law of each row of a bank: lognormal, exponential, or a number of the same size."""
    mu = np.zeros(len(bank.owners), np.float32)
    sigma = np.full(len(bank.owners), FIXED, np.float32)
    for group in bank.families:
        for column, row in enumerate(group.rows):
            place = int(group.tables[column, 0]) if len(group.tables) else column
            values = group.params[:, place, 0]
            scale = np.log(max(float(bank.scales[row, 0]), 1e-30))
            if group.family == "lognormal":
                mu[row], sigma[row] = values[0] + scale, values[1]
            elif group.family == "log_table":  # gamma; a lognormal costs the loop less
                mu[row], sigma[row] = values[len(values) // 2] + scale, 1.0
            elif group.family == "exponential":
                mu[row], sigma[row] = np.log(values[0]) + scale, EXPONENTIAL
            else:
                mu[row] = np.log(max(float(values[0]), 1e-30)) + scale
    return mu, sigma


def _loop() -> Callable[..., float]:
    import numba

    @numba.njit
    def worlds(  # noqa: PLR0913
        instructions, segments, table, asked, chance, odds, mu, sigma, n, draws
    ):  # type: ignore[no-untyped-def]
        total = 0.0
        for _ in range(n):
            if draws:
                table[:] = np.inf
                table[0] = 0.0
                for leaf in range(chance.size):
                    exists = chance[leaf] >= 1.0 or np.random.random() < chance[leaf]
                    if not exists:
                        continue
                    process = 0
                    if odds[leaf, 0] < 1.0:
                        u = np.random.random()
                        process = 0 if u < odds[leaf, 0] else (1 if u < odds[leaf, 1] else 2)
                    value = mu[leaf, process]
                    if sigma[leaf] > 0.0:
                        table[1 + leaf] = np.exp(value + sigma[leaf] * np.random.standard_normal())
                    elif sigma[leaf] == EXPONENTIAL:
                        table[1 + leaf] = np.exp(value) * np.random.standard_exponential()
                    else:
                        table[1 + leaf] = np.exp(value)
            else:
                table[1 + chance.size :] = np.inf
            for s in range(segments.shape[0]):
                moved = True
                while moved:
                    moved = False
                    for k in range(segments[s, 0], segments[s, 1]):
                        d = instructions[k, 1]
                        a, b = table[instructions[k, 2]], table[instructions[k, 3]]
                        if instructions[k, 0] == 0:
                            v = min(a, b)
                        elif instructions[k, 0] == 1:
                            v = max(a, b)
                        else:
                            v = a if np.isinf(b) else np.float32(np.inf)
                        v = v + table[instructions[k, 4]]
                        if v != table[d]:
                            table[d] = v
                            if d != table.size - 1:
                                moved = True
                    if segments[s, 2] == 0:
                        moved = False
            worst = 0.0
            for row in asked:
                worst = max(worst, table[row])
            total += 0.0 if np.isinf(worst) else worst
        return total

    return worlds


if __name__ == "__main__":
    main()

"""The linear solver of networks against NumPy, and against exact arithmetic where that is hard."""

from fractions import Fraction

import jax
import numpy as np
import pytest

from otsim_kernels.plants.water_network.elimination import Elimination, plan_elimination, solve

N_NODES, N_TWINS = 40, 5


def edges_of(seed: int, n_nodes: int = N_NODES) -> list[tuple[int, int]]:
    """Draw a connected graph: a tree and as many edges again."""
    rng = np.random.default_rng(seed)
    tree = [(int(rng.integers(0, i)), i) for i in range(1, n_nodes)]
    more = [tuple(sorted(rng.choice(n_nodes, 2, replace=False).tolist())) for _ in range(n_nodes)]
    return sorted({*tree, *more})


def matrix_of(plan: Elimination, conductance: np.ndarray, slack: np.ndarray) -> np.ndarray:
    matrix = np.diag(slack.astype(object))
    for (i, j), edge in plan.edge_of.items():
        p = conductance[edge]
        matrix[i, j] -= p
        matrix[j, i] -= p
        matrix[i, i] += p
        matrix[j, j] += p
    return matrix


def system(seed: int, *, spread: float) -> tuple[Elimination, list[np.ndarray]]:
    """Draw conductances from 10^-spread to 10^spread, with few nodes held from outside."""
    rng, edges = np.random.default_rng(seed), edges_of(seed)
    plan = plan_elimination(N_NODES, edges)
    conductance = np.zeros((plan.n_edges, N_TWINS))
    for edge in edges:
        conductance[plan.edge_of[edge]] = 10.0 ** rng.uniform(-spread, spread, N_TWINS)
    slack = np.where(rng.random((N_NODES, 1)) < 0.1, 10.0 ** rng.uniform(-2, 2, N_TWINS), 0.0)
    slack[0] = 1.0
    return plan, [conductance, slack, rng.normal(size=(N_NODES, N_TWINS))]


def solved(plan: Elimination, given: list[np.ndarray], dtype: type) -> np.ndarray:
    with jax.enable_x64(dtype == np.float64):
        values, _ = jax.jit(lambda *arrays: solve(plan, *arrays))(
            *(array.astype(dtype) for array in given)
        )
        return np.asarray(values, np.float64)


@pytest.mark.parametrize("seed", range(5))
def test_solutions_are_those_of_numpy(seed: int) -> None:
    plan, given = system(seed, spread=1.0)
    found = solved(plan, given, np.float64)
    for twin in range(N_TWINS):
        matrix = matrix_of(plan, given[0][:, twin], given[1][:, twin]).astype(np.float64)
        want = np.linalg.solve(matrix, given[2][:, twin])
        np.testing.assert_allclose(found[:, twin], want, rtol=1e-10)


def test_single_precision_survives_sixteen_orders_of_magnitude() -> None:
    """With inflows alone nothing cancels: every head to 1e-5, against exact fractions."""
    plan, (conductance, slack, right) = system(7, spread=8.0)
    given = [
        conductance.astype(np.float32),
        slack.astype(np.float32),
        np.abs(right, dtype=np.float32),
    ]
    found = solved(plan, given, np.float32)[:, 0]
    exact = [[Fraction(float(x)) for x in array[:, 0]] for array in given]
    matrix = matrix_of(plan, np.array(exact[0], object), np.array(exact[1], object))
    want = exact_solution(matrix.tolist(), exact[2])
    np.testing.assert_allclose(found, np.array([float(x) for x in want]), rtol=1e-5)


def exact_solution(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """Solve by Gauss's elimination in fractions."""
    rows = [[*map(Fraction, row), b] for row, b in zip(matrix, right, strict=True)]
    for i, pivot in enumerate(rows):
        for row in rows[i + 1 :]:
            factor = row[i] / pivot[i]
            if factor:
                row[i:] = [a - factor * b for a, b in zip(row[i:], pivot[i:], strict=True)]
    values: list[Fraction] = []
    for i in reversed(range(len(rows))):
        known = sum(a * x for a, x in zip(rows[i][i + 1 : -1], values, strict=True))
        values.insert(0, (rows[i][-1] - known) / rows[i][i])
    return values


def test_a_node_that_nothing_holds_is_told() -> None:
    plan = plan_elimination(3, [(0, 1)])
    given = [np.ones((plan.n_edges, 1)), np.array([[1.0], [0.0], [0.0]]), np.ones((3, 1))]
    with jax.enable_x64():
        values, pivots = solve(plan, *given)
    assert np.asarray(pivots)[2, 0] == 0.0
    np.testing.assert_allclose(np.asarray(values)[:, 0], [2.0, 3.0, 0.0])


def test_a_tree_is_eliminated_without_new_edges() -> None:
    plan = plan_elimination(50, [(i // 3, i) for i in range(1, 50)])
    assert plan.n_edges == 49
    assert len(plan.updates) == 0


def test_twins_do_not_touch_each_other() -> None:
    plan, given = system(3, spread=2.0)
    whole = solved(plan, given, np.float64)
    alone = solved(plan, [array[:, [2]] for array in given], np.float64)
    np.testing.assert_allclose(whole[:, [2]], alone, rtol=1e-12)

"""Answers of the sampler to the reference cases of kind `tree`."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from otsim.attack import sample_tree
from otsim.config.attack_tree import AttackTree
from otsim.config.distributions import Distribution, DistributionBase

KINDS = frozenset({"tree"})

N_SAMPLES = 1_000_000
SEED = 20_261_124  # fixed before the first run
ERRORS = 4.5
FEWEST = 100  # hits, and misses, that a query must expect for the sampler to answer it
CHUNK = 131_072
ROUNDING = 1e-6  # relative; the sampler's times are float32
LABELS = {"name"}  # of args: say what a query is about, change nothing

SAMPLED = {
    "prob_success",
    "prob_node",
    "prob_first",
    "prob_win_race",
    "time_cdf",
    "time_mean",
    "time_quantile",
}

Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One number of one query; `at` is the time, the probability or the node it is asked for."""

    metric: str
    at: Any
    args: dict[str, Any]
    value: float
    tol: dict[str, float]
    wrong: tuple[float, ...]

    def __str__(self) -> str:
        label = self.args.get("name", self.at)
        return self.metric if label is None else f"{self.metric}({label})"


@dataclass(frozen=True, kw_only=True)
class Worlds:
    """What is kept of a million worlds of a tree, a row a node; times are float32."""

    row: dict[str, int]
    time: NDArray[np.float32]
    start: NDArray[np.float32]
    success: Bools
    clock: NDArray[np.float32]


def questions(case: dict[str, Any]) -> Iterator[Question]:
    """Take the queries of a case apart into single numbers."""
    for query in case["queries"]:
        metric, args = query["metric"], query.get("args", {})
        wrong = [each["value"] for each in query.get("wrong", ())]
        for at, pick in _places(metric, args, query["value"]):
            yield Question(
                metric=metric,
                at=at,
                args=args,
                value=float(pick(query["value"])) if metric in SAMPLED else math.nan,
                tol=query["tol"],
                wrong=tuple(float(pick(each)) for each in wrong) if metric in SAMPLED else (),
            )


def left_out(question: Question) -> str | None:
    """Say why the sampler does not answer a question; None if it does."""
    if question.metric not in SAMPLED:
        return f"{question.metric} is answered by the exact engines alone"
    chance = _chance(question)
    if chance is None or math.isinf(question.value):
        return None
    hits, misses = N_SAMPLES * chance, N_SAMPLES * (1.0 - chance)
    # A certain answer has no sampling error; one that is nearly so is for the exact engines.
    if 0.0 < chance < 1.0 and min(hits, misses) < FEWEST:
        return f"expects {hits:.3g} hits and {misses:.3g} misses in {N_SAMPLES:,} samples"
    return None


def check(case: dict[str, Any]) -> None:
    """Check every question of a case that the sampler answers.

    Raises:
        AssertionError: an answer is off, or a known wrong answer would pass as well.
    """
    for question in questions(case):
        if left_out(question) is None:
            check_question(case, question)


def check_question(case: dict[str, Any], question: Question) -> None:
    """Check one question; see `check`."""
    understood = {"node", "t", "p", "override_prob"} | LABELS
    assert set(question.args) <= understood, f"{question}: args {sorted(question.args)} unknown"
    override = question.args.get("override_prob", {})
    worlds = sample_worlds(json.dumps([case["model"], override, _looked_at(case)]))
    if question.metric == "time_quantile":
        _check_quantile(case, question, worlds)
        return
    estimate, error = _estimate(case, question, worlds)
    if math.isinf(question.value):
        assert math.isinf(estimate), f"{question}: got {estimate}, want {question.value}"
        return
    bound = max(_tolerance(question), ERRORS * error)
    off = abs(estimate - question.value)
    assert off <= bound, f"{question}: got {estimate}, want {question.value} within {bound:.3g}"
    for wrong in question.wrong:
        if abs(wrong - question.value) > 2.0 * bound:  # nearer, a million samples cannot tell
            assert abs(estimate - wrong) > bound, f"{question}: {wrong} would pass, got {estimate}"


def _places(metric: str, args: dict[str, Any], value: Any) -> Iterator[tuple[Any, Any]]:
    """List what a query asks for, each with how to pick its number from the value."""
    if metric == "prob_first" and isinstance(value, dict):
        yield from ((node, lambda value, node=node: value[node]) for node in value)
    elif metric in ("time_cdf", "time_quantile"):
        given = args["t" if metric == "time_cdf" else "p"]
        if isinstance(given, list):
            yield from ((at, lambda value, i=i: value[i]) for i, at in enumerate(given))
        else:
            yield given, _single
    else:
        yield args.get("node") if metric in SAMPLED else None, _single


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


def _chance(question: Question) -> float | None:
    """Return the probability that is estimated, where it is one."""
    if question.metric == "time_mean":
        return None
    return float(question.at) if question.metric == "time_quantile" else question.value


def _tolerance(question: Question) -> float:
    return max(question.tol.get("abs", 0.0), question.tol.get("rel", 0.0) * abs(question.value))


def _estimate(case: dict[str, Any], question: Question, worlds: Worlds) -> tuple[float, float]:
    """Return the sampler's answer and its standard error: the true one for probabilities."""
    if question.metric == "time_mean":
        times = worlds.time[_node(case, question, worlds)].astype(np.float64)
        if np.isinf(times).any():
            return math.inf, 0.0
        return float(times.mean()), float(times.std() / math.sqrt(N_SAMPLES))
    hits = _hits(case, question, worlds)
    return float(hits.mean()), math.sqrt(question.value * (1.0 - question.value) / N_SAMPLES)


def _hits(case: dict[str, Any], question: Question, worlds: Worlds) -> Any:
    node = _node(case, question, worlds)
    match question.metric:
        case "prob_success" | "prob_node":
            return worlds.success[node]
        case "time_cdf":
            return worlds.time[node] <= _later(question.at)
        case "prob_win_race":
            return worlds.time[node] < _clock(case["model"], worlds)
        case "prob_first":
            return _completes(worlds, node, worlds.row[question.at])
    raise AssertionError(f"no estimate for {question.metric}")


def _completes(worlds: Worlds, node: int, child: int) -> Any:
    """Tell where it is this child that brings the node down."""
    return (worlds.time[child] == worlds.time[node]) & np.isfinite(worlds.time[node])


def _node(case: dict[str, Any], question: Question, worlds: Worlds) -> int:
    return worlds.row[question.args.get("node", case["model"]["root"])]


def _later(time: float) -> float:
    """Allow for the rounding of a time that is certain, such as a sum of fixed ones."""
    return float(time) * (1.0 + ROUNDING)


def _check_quantile(case: dict[str, Any], question: Question, worlds: Worlds) -> None:
    """Check a quantile by the probability below it: that error is known, and density-free."""
    times = worlds.time[_node(case, question, worlds)]
    bound = ERRORS * math.sqrt(question.at * (1.0 - question.at) / N_SAMPLES)

    def passes(value: float, slack: float) -> bool:
        up_to = (times <= value + slack).mean()
        before = (times < value - slack).mean()
        return bool(up_to >= question.at - bound and before <= question.at + bound)

    slack = 0.0
    if math.isfinite(question.value):
        slack = max(_tolerance(question), ROUNDING * abs(question.value))
    got = float(np.quantile(times, question.at, method="inverted_cdf"))
    assert passes(question.value, slack), f"{question}: got {got}, want {question.value}"
    for wrong in question.wrong:
        assert not passes(wrong, slack), f"{question}: {wrong} would pass, got {got}"


def _clock(model: dict[str, Any], worlds: Worlds) -> Any:
    """Return when the competing clock runs out; it starts at time 0, or with or after a node."""
    race = model["race"]
    said = str(race.get("starts", "time 0")).lower()
    nodes = [name for name in worlds.row if re.search(rf"\b{re.escape(name.lower())}\b", said)]
    if re.search(r"\btime 0\b|\btime zero\b|\bthe start\b|^0$", said):
        return worlds.clock
    assert len(nodes) == 1, f"race: cannot tell when the clock starts: {said!r}"
    ends = re.search(r"complet|finish|end|success|after|done", said)
    begun = (worlds.time if ends else worlds.start)[worlds.row[nodes[0]]]
    return begun + worlds.clock


def _looked_at(case: dict[str, Any]) -> list[str]:
    """List the nodes that a case asks about, in the order of the file."""
    model = case["model"]
    asked = {model["root"]} | set(re.findall(r"\w+", str(model.get("race", {}).get("starts", ""))))
    for question in questions(case):
        asked |= {str(question.at), str(question.args.get("node"))}
    return [name for name in model["nodes"] if name in asked]


@lru_cache(maxsize=2)
def sample_worlds(key: str) -> Worlds:
    """Sample a million worlds; the key is JSON: model, probabilities to override, nodes to keep."""
    model, override, kept = json.loads(key)
    tree = _tree(model, override)
    clock = None if "race" not in model else _distribution(model["race"]["against"])
    rows = [list(tree.nodes).index(name) for name in kept]
    parts = []
    for first in range(0, N_SAMPLES, CHUNK):
        chunk = sample_tree(tree, first, min(CHUNK, N_SAMPLES - first), seed=SEED, clock=clock)
        parts.append((chunk.time_h[rows], chunk.start_h[rows], chunk.success[rows], chunk.clock_h))
    time, start, success, ticked = (
        np.concatenate(part, axis=-1) for part in zip(*parts, strict=True)
    )
    row = {name: i for i, name in enumerate(kept)}
    return Worlds(row=row, time=time, start=start, success=success, clock=ticked)


def _tree(model: dict[str, Any], override: dict[str, float]) -> AttackTree:
    nodes = {name: _node_of(node, override.get(name)) for name, node in model["nodes"].items()}
    return AttackTree.model_validate({"roots": [model["root"]], "nodes": nodes})


def _node_of(node: dict[str, Any], override: float | None) -> dict[str, Any]:
    gate = node.get("gate", "LEAF")
    if gate != "LEAF":
        given = {"gate": gate, "children": node["children"]}
        return given | ({"k": node["k"]} if "k" in node else {})
    prob = node.get("prob", 1.0) if override is None else override
    time = _written(node["dist"]) if "dist" in node else float(node.get("time", 0.0))
    return {"probability": float(prob), "time_h": time}


def _distribution(given: dict[str, Any]) -> DistributionBase:
    return TypeAdapter(Distribution).validate_python(_written(given))


def _written(given: Any) -> Any:
    """Write a distribution of the reference files as a study does."""
    if not isinstance(given, dict):
        return float(given)
    family = given["family"]
    match family:
        case "deterministic":
            return float(given["value"])
        case "sum":
            return {"sum": [_written(term) for term in given["terms"]]}
        case "discrete":
            values, probs = given["values"], given["probs"]
            return {"discrete": {"values": [*map(float, values)], "probs": [*map(float, probs)]}}
    parameters = {name: float(value) for name, value in given.items() if name != "family"}
    return {family: parameters}

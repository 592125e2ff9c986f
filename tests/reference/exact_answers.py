"""Answers the cases of trees, graphs, sensitivity, time to compromise and CVSS exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from otsim.architecture.cvss import scores
from otsim.architecture.time_to_compromise import Component, Profile, mixture
from otsim.attack.exact import MeasuredTree, answer
from otsim.attack.exact.case_format import CaseModel, case_shape, case_tree, written
from otsim.attack.exact.completing_child import chance_to_complete
from otsim.attack.exact.edge_race import EdgeRace, mean_time_all_infected, mean_time_of_one_host
from otsim.attack.exact.graph_times import AttackGraph, Step, compromise_times, goal_law
from otsim.attack.exact.input_points import Rule, normal_rule, rule_of
from otsim.attack.exact.leaf_laws import law_of
from otsim.attack.exact.measured_tree import Duration, decimal, with_chances
from otsim.attack.exact.sensitivity import sensitivity
from otsim.attack.exact.time_metrics import mean
from otsim.config.attack_tree import AttackTree
from otsim.config.distributions import Distribution
from reference.function_text import read_function
from reference.loss_answers import close as number_close

KINDS = ("tree", "graph", "edge_race", "sensitivity", "ttc", "cvss")
AT = ("t", "p", "budget")  # args that say where a metric is asked
UNDERSTOOD = {"node", "override_prob", "only_leaves_with", "name", *AT}

Answers = Mapping[str, Callable[[Mapping[str, Any]], Any]]


def check(case: Mapping[str, Any]) -> None:
    """Assert that every query of a case is answered within its tolerance, none by a known slip."""
    assert case["queries"], f"{case['id']}: no queries"
    for number in range(len(case["queries"])):
        check_query(case, number)


def check_query(case: Mapping[str, Any], number: int) -> None:
    """Check one query; see `check`."""
    query = case["queries"][number]
    metric, want, tol = query["metric"], query["value"], query["tol"]
    place = f"{case['id']}: {metric} {query.get('args', '')}"
    got = _ANSWERS[case["kind"]](case["model"], query)
    assert close(got, want, tol), f"{place}: got {got}, want {want} within {tol}"
    for wrong in query.get("wrong", ()):
        assert not close(got, wrong["value"], tol), f"{place}: {wrong['why']}"


def close(got: Any, want: Any, tol: Mapping[str, float]) -> bool:
    """Compare numbers, and lists and mappings of what compares; a mapping may hold more."""
    if isinstance(want, Mapping):
        return all(key in got and close(got[key], part, tol) for key, part in want.items())
    if isinstance(want, list):
        return len(got) == len(want) and all(map(close, got, want, [tol] * len(want)))
    return number_close(got, want, tol)


def _tree(model: Mapping[str, Any], query: Mapping[str, Any]) -> Any:
    metric, args = query["metric"], query.get("args", {})
    assert set(args) <= UNDERSTOOD, f"{metric}: args {sorted(args)} unknown"
    tree = measured_case(model)
    override = {name: decimal(p) for name, p in args.get("override_prob", {}).items()}
    tree = with_chances(tree, override)
    if metric == "prob_first":
        return _first(tree, args.get("node", tree.root), query["value"])
    at = next((args[key] for key in AT if key in args), [])
    found = answer(
        tree,
        metric,
        node=args.get("node"),
        at=at if isinstance(at, list) else [at],
        only=args.get("only_leaves_with"),
    )
    if metric.startswith("pareto"):
        return _front(found, query)
    alone = isinstance(found, list) and not isinstance(query["value"], list)
    return found[0] if alone else found


def measured_case(model: Mapping[str, Any]) -> MeasuredTree:
    """Return the tree of a case."""
    given = CaseModel.model_validate(model)
    return case_tree(given, AttackTree.model_validate(case_shape(given)))


def _first(tree: MeasuredTree, node: str, want: Any) -> Any:
    if isinstance(want, Mapping):
        return {child: chance_to_complete(tree, node, child) for child in want}
    return chance_to_complete(tree, tree.root, node)


def _front(found: Any, query: Mapping[str, Any]) -> list[list[float]]:
    if "attacks" in query:
        attacks = [set(each["attack"]) for each in found]
        assert attacks == [set(each) for each in query["attacks"]], f"attacks {attacks}"
    points = [[each["cost"], each["damage"]] for each in found]
    assert len(points) == len(query["value"]), f"{query['metric']}: points {points}"
    return points


def _graph(model: Mapping[str, Any], query: Mapping[str, Any]) -> Any:
    graph = _attack_graph(model)
    goal = query.get("args", {}).get("node", model["goal"])
    if query["metric"] == "compromise_time":
        times = compromise_times(graph)
        return times if isinstance(query["value"], Mapping) else times[goal]
    law = goal_law(graph, goal)
    if query["metric"] == "goal_time_mean":
        return mean(law)
    assert query["metric"] == "goal_time_pmf", f"no answer to {query['metric']}"
    pmf = dict(zip(law.atoms.tolist(), law.weights.tolist(), strict=True))
    if law.mass < 1.0 - 1e-12:
        pmf[math.inf] = 1.0 - law.mass
    assert len(pmf) == len(query["value"]), f"times {sorted(pmf)}"
    return {key: pmf[_nearest(float(key), pmf)] for key in query["value"]}


def _nearest(time: float, known: Mapping[float, float]) -> float:
    return min(known, key=lambda each: 0.0 if each == time else abs(each - time))


def _attack_graph(model: Mapping[str, Any]) -> AttackGraph:
    parents: dict[str, list[str]] = {name: [] for name in model["nodes"]}
    for parent, child in model["edges"]:
        parents[child].append(parent)
    entry = model["entry"]
    return AttackGraph(
        steps={name: _step(node, parents[name]) for name, node in model["nodes"].items()},
        entries=(entry,) if isinstance(entry, str) else tuple(entry),
    )


def _step(node: Mapping[str, Any], parents: Sequence[str]) -> Step:
    given = node.get("ttc", 0)
    exists = node.get("prob_exists", 1)
    if isinstance(given, Mapping):
        given = dict(given)
        exists = given.pop("prob_exists", exists)
    distribution = TypeAdapter(Distribution).validate_python(written(given))
    law = law_of(Duration(distribution=distribution))
    assert not law.edges, f"time {given} is not discrete"
    times, chances = law.atoms.tolist(), (float(exists) * law.weights).tolist()
    if float(exists) < 1.0:
        times, chances = [*times, math.inf], [*chances, 1.0 - float(exists)]
    return Step(
        kind=node["type"], parents=tuple(parents), times=tuple(times), chances=tuple(chances)
    )


def _edge_race(model: Mapping[str, Any], query: Mapping[str, Any]) -> float:
    race = EdgeRace(
        hosts=model["hosts"], edge_rate=float(model["edge_rate"]), start=model.get("start", 1)
    )
    return {
        "time_mean_all_infected": mean_time_all_infected,
        "time_mean_given_host": mean_time_of_one_host,
    }[query["metric"]](race)


def _sensitivity(model: Mapping[str, Any], query: Mapping[str, Any]) -> Any:
    inputs = {name: _rule(given) for name, given in model["inputs"].items()}
    constants = {name: value for name, value in model.items() if name not in ("function", "inputs")}
    function = read_function(model["function"], len(inputs), constants)
    found = asdict(sensitivity(function, inputs))
    names = {"sobol_first": "first", "sobol_total": "total", "shapley_effect": "shapley"}
    return found[names.get(query["metric"], query["metric"])]


def _rule(given: Mapping[str, Any]) -> Rule:
    if given["family"] == "normal":
        deviation = given.get("sigma", given.get("sd", given.get("std", 1.0)))
        return normal_rule(float(given.get("mu", given.get("mean", 0.0))), float(deviation))
    return rule_of(TypeAdapter(Distribution).validate_python(written(given)))


def _ttc(model: Mapping[str, Any], query: Mapping[str, Any]) -> Any:
    found = [_mixture(row["inputs"]) for row in model["rows"]]
    if query["metric"] == "ttc_days_rows":
        return [float(each.total_mean_d) for each in found]
    assert query["metric"] == "ttc_parts_rows", f"no answer to {query['metric']}"
    return [
        {
            "t1": each.mean_d[0],
            "P1": each.probability[0],
            "u": each.none_usable,
            "t3": each.mean_d[2],
        }
        for each in found
    ]


def _mixture(given: Mapping[str, Any]) -> Any:
    component = Component(
        n_vulnerabilities=given["vulnerabilities_of_component"],
        n_exploits=given["exploits_available"],
        n_vulnerabilities_in_all=given["vulnerabilities_total"],
        cvss2_base=given["mean_cvss_v2_base"],
        cvss3_exploitability=given["mean_cvss_v3_exploitability"],
        days_between=given["mean_days_between_vulnerabilities"],
    )
    profile = Profile(
        usable_frac=given["exploitable_fraction"], exploit_d=given["days_to_write_exploit"]
    )
    return mixture(component, profile)


def _cvss(model: Mapping[str, Any], query: Mapping[str, Any]) -> list[float]:
    part = query["metric"].removeprefix("cvss_")
    return [getattr(scores(vector), part) for vector in model["vectors"]]


_ANSWERS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Any]] = {
    "tree": _tree,
    "graph": _graph,
    "edge_race": _edge_race,
    "sensitivity": _sensitivity,
    "ttc": _ttc,
    "cvss": _cvss,
}

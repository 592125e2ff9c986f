"""`otsim tree`: what can be asked about a tree, one answer, and faults in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from otsim.attack.exact import METRICS
from otsim.cli import main

ROOT = Path(__file__).resolve().parents[2]
INSIDER = ROOT / "configs" / "attack_trees" / "te_insider.yaml"
SMALL = """\
nodes:
  r: {gate: SAND, children: [a, b]}
  a: {probability: 0.5, time_d: 1}
  b: {time_h: {exponential: {mean: 10}}}
"""
FACTORY = {
    "schema": "attack-risk-case/1",
    "kind": "tree",
    "model": {
        "root": "stop",
        "nodes": {
            "stop": {"gate": "OR", "children": ["hack", "rob"], "damage": 200},
            "rob": {"gate": "AND", "children": ["bomb", "door"], "damage": 100},
            "hack": {"prob": "0.2", "cost": 1},
            "bomb": {"prob": "0.4", "cost": 3},
            "door": {"prob": "0.9", "cost": 2, "damage": 10},
        },
    },
}


def tree(*args: object):
    return CliRunner().invoke(main, ["tree", *map(str, args)], prog_name="otsim")


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture
def factory(tmp_path):
    path = tmp_path / "factory.json"
    path.write_text(json.dumps(FACTORY), encoding="utf-8")
    return path


def test_lists_what_can_be_asked():
    result = tree(INSIDER)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].endswith("te_insider.yaml: 14 nodes, 8 leaves")
    assert "Roots: valve_commands, tuned_controllers, trips_bypassed" in lines
    named = [line.split()[0] for line in lines if line.startswith("  ")]
    assert "time_quantile" in named
    assert "min_cost" not in named
    assert "More with: a competing clock; cost of leaves; damage of nodes" in lines


def test_list_as_json():
    told = json.loads(tree(INSIDER, "--json").stdout)
    assert [each["name"] for each in told["metrics"]] == list(METRICS)
    needs = {each["name"]: each["needs"] for each in told["metrics"]}
    assert needs["prob_success"] is None
    assert needs["min_cost"] == "cost of leaves"
    assert (told["nodes"], told["leaves"]) == (14, 8)


def test_one_number_for_every_root():
    lines = tree(INSIDER, "--metric", "prob_success").stdout.splitlines()
    assert [line.split() for line in lines] == [
        ["valve_commands", "0.432"],
        ["tuned_controllers", "0.51"],
        ["trips_bypassed", "0.1275"],
    ]


def test_times_are_hours(small):
    result = tree(small, "--metric", "time_cdf", "--at", 23, "--at", 34)
    name, early, late = result.stdout.split()
    assert (name, float(early)) == ("r", 0.0)
    assert float(late) == pytest.approx(0.5 * (1.0 - 2.718281828459045**-1))
    assert tree(small, "--metric", "time_mean_given_success").stdout.split() == ["r", "34"]


def test_a_number_for_every_leaf(small):
    lines = tree(small, "--metric", "importance.birnbaum", "--node", "r").stdout.splitlines()
    assert lines == ["r: importance.birnbaum", "  a  1", "  b  0.5"]


def test_a_front(factory):
    lines = tree(factory, "--metric", "pareto_cost_expected_damage").stdout.splitlines()
    assert [line.split() for line in lines] == [
        ["stop:", "pareto_cost_expected_damage"],
        ["cost", "damage", "attack"],
        ["0", "0"],
        ["1", "40", "hack"],
        ["3", "49", "hack", "door"],
        ["5", "117", "bomb", "door"],
        ["6", "142.6", "hack", "bomb", "door"],
    ]


def test_json_has_no_infinity(small):
    result = tree(small, "--metric", "time_mean", "--json")
    assert json.loads(result.stdout) == {"metric": "time_mean", "at": [], "nodes": {"r": "inf"}}
    result = tree(small, "--metric", "time_quantile", "--at", 0.25, "--at", 0.75, "--json")
    early, late = json.loads(result.stdout)["nodes"]["r"]
    assert early == pytest.approx(24.0 + 10.0 * 0.6931471805599453)
    assert late == "inf"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ["--metric", "prob_sucess"],
            "there is no metric 'prob_sucess' (did you mean prob_success?)",
        ),
        (["--metric", "min_cost"], "min_cost needs what the tree does not give: cost of leaves"),
        (["--metric", "time_cdf"], "time_cdf is asked at a time; give at least one (--at NUMBER)"),
        (["--metric", "depth", "--node", "c"], "the tree has no node 'c' (known: r, a, b)"),
        (["--metric", "min_time_parallel"], "the time of leaf 'b' is random"),
    ],
)
def test_faulty_questions(small, args, message):
    result = tree(small, *args)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(message)


def test_faulty_file(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("nodes:\n  r: {gate: OR, children: [a]}\n", encoding="utf-8")
    result = tree(path, "--metric", "prob_success")
    assert result.exit_code == 2
    assert result.stderr == (
        f"{path}:2:28: nodes.r.children[0]: no node is named 'a' (add it under nodes)\n"
    )
    told = json.loads(tree(path, "--json").stdout)["error"]
    assert (told["file"], told["line"]) == (str(path), 2)


def test_missing_file():
    result = tree("nowhere.yaml")
    assert result.exit_code == 2
    assert "nowhere.yaml: cannot be read" in result.stderr

"""Tree files and reference cases as the exact engines read them."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from otsim.attack.exact import METRICS, answer, read_tree, what_is_missing
from otsim.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "configs" / "attack_trees").glob("*.yaml"))
CASE: dict[str, Any] = {
    "schema": "attack-risk-case/1",
    "kind": "tree",
    "model": {
        "root": "r",
        "nodes": {
            "r": {"gate": "SAND", "children": ["a", "b"], "damage": 5},
            "a": {"gate": "LEAF", "prob": "0.1", "cost": 2, "time": 3, "loud": True},
            "b": {"gate": "LEAF", "dist": {"family": "gamma", "shape": 2, "scale": "1.5"}},
        },
        "race": {
            "against": {"family": "exponential", "rate": 0.5},
            "starts": "when a is complete",
        },
    },
}


def written(tmp_path: Path, text: str, name: str = "t.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_trees_are_answered(path: Path) -> None:
    """Whatever their numbers allow, at every root: no engine gives up on a shipped tree."""
    tree = read_tree(path)
    for name in ("prob_success", "time_mean_given_success", "num_minimal_attacks"):
        assert not what_is_missing(tree, METRICS[name])
        for root in tree.shape.root_names:
            value = answer(tree, name, node=root)
            assert isinstance(value, float | int)
            assert value > 0.0


def test_skill_decides_probabilities() -> None:
    path = ROOT / "configs" / "attack_trees" / "te_remote.yaml"
    by_skill = [
        answer(read_tree(path, skill=skill), "prob_success", node="link_flooding")
        for skill in ("novice", "beginner", "intermediate", "expert")
    ]
    assert by_skill == sorted(set(by_skill))


def test_a_case(tmp_path: Path) -> None:
    tree = read_tree(written(tmp_path, json.dumps(CASE), "case.json"))
    assert tree.chance_of("a") == Fraction(1, 10)
    assert tree.chance_of("b") == 1
    assert tree.cost == {"a": 2}
    assert tree.damage == {"r": 5}
    assert tree.labels["a"] == {"loud": True}
    assert tree.time_of("b").distribution.mean == 3.0
    assert tree.race is not None
    assert (tree.race.node, tree.race.completed) == ("a", True)
    assert answer(tree, "pareto_cost_damage") == [
        {"cost": 0, "damage": 0, "attack": []},
        {"cost": 2, "damage": 5, "attack": ["a", "b"]},
    ]
    # b, of mean 3 in two stages, against a clock of mean 2 that starts with it
    won = 0.1 * ((1.0 / 1.5) / (1.0 / 1.5 + 0.5)) ** 2
    assert answer(tree, "prob_win_race") == pytest.approx(won)


def changed(**nodes: Any) -> str:
    model = {**CASE["model"], "nodes": {**CASE["model"]["nodes"], **nodes}}
    return json.dumps({**CASE, "model": model}, indent=1)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            "nodes: {r: {gate: ORR, children: [a]}, a: {}}",
            1,
            "unknown gate 'ORR' (did you mean OR?)",
        ),
        ("nodes:\n  r: {gate: OR, children: [b]}\n  a: {}", 2, "no node is named 'b'"),
        ("attack: {tree: x.yaml}", 1, "this is a study; give the file of its tree"),
        ("nodes:\n  a: {probability: 2}", 2, "is 2, but must be at most 1"),
        ("[1, 2", 2, "not valid YAML"),
        (changed(a={"prob": "1.5"}), 16, "must be at most 1"),
        (changed(a={"cost": -1}), 16, "need a number that is not negative"),
        (changed(b={"dist": {"family": "gama", "shape": 2}}), 23, "did you mean gamma?"),
        (changed(r={"gate": "XOR", "children": ["a", "b"]}), 8, "unknown gate 'XOR'"),
        (changed(r={"gate": "VOTE", "children": ["a", "b"]}), 7, "VOTE needs k"),
        (json.dumps({**CASE, "kind": "fair"}), 1, "kind: is 'fair', but must be 'tree' here"),
        (json.dumps({"schema": "attack-risk-case/1"}), 1, "model: needed, but missing"),
        (changed(r={"gate": "SAND", "children": ["a", "b", "r"]}), 9, "cycle"),
    ],
)
def test_faults_have_a_place(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_tree(path)
    (first, *_) = caught.value.problems
    assert first.startswith(f"{path}:{line}:"), first
    assert message in first
    assert "\n" not in first


def test_missing_root(tmp_path: Path) -> None:
    model = {**CASE["model"], "root": "top"}
    with pytest.raises(ConfigError, match="no node is named 'top'"):
        read_tree(written(tmp_path, json.dumps({**CASE, "model": model})))

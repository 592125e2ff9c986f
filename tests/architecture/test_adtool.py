"""Attack trees go to ADTool and come back; document types and entities are refused unopened."""

from __future__ import annotations

import time
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from architecture.other_tools import STOP_LINE
from architecture.plants import ROOT, faults
from otsim.architecture.exports.adtool_xml import adtool_xml
from otsim.architecture.imports.adtool import MAX_BYTES, read_adtool
from otsim.config import tree_shape
from otsim.config.attack_tree import AttackTree
from otsim.config.yaml_lines import plain, read_yaml
from otsim.errors import ModelError

LONGEST_S = 20.0  # of processor time: a bomb would take hours, a slow machine takes 2


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(text: str | bytes, **options) -> AttackTree:
    with open("tree.xml", "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return read_adtool("tree.xml", **options)


def holds(tree: AttackTree, done: dict[str, bool], name: str) -> bool:
    """Whether a node falls, given which leaves do."""
    node = tree.nodes[name]
    below = [holds(tree, done, child) for child in node.children]
    if node.gate == "LEAF":
        return done[name]
    if node.gate == "COUNTER":
        return below[0] and not below[1]
    if node.gate == "VOTE":
        return sum(below) >= (node.k or 1)
    return any(below) if node.gate == "OR" else all(below)


def test_reading():
    tree = read(STOP_LINE)
    assert tree.roots == ["stop line"]
    assert {name: (node.gate, node.children) for name, node in tree.nodes.items()} == {
        "stop line": ("OR", ["remote", "by hand"]),
        "remote": ("AND", ["log in", "find the line"]),
        "by hand": ("SAND", ["climb fence, unless any of guards, dogs, unless sausage", "log in"]),
        "climb fence, unless any of guards, dogs, unless sausage": (
            "COUNTER", ["climb fence", "any of guards, dogs, unless sausage"],
        ),
        "any of guards, dogs, unless sausage": ("OR", ["guards", "dogs, unless sausage"]),
        "dogs, unless sausage": ("COUNTER", ["dogs", "sausage"]),
        "log in": ("LEAF", []),
        "find the line": ("LEAF", []),
        "climb fence": ("LEAF", []),
        "guards": ("LEAF", []),
        "dogs": ("LEAF", []),
        "sausage": ("LEAF", []),
    }  # fmt: skip
    assert tree.nodes["log in"].probability == 0.25
    assert tree.nodes["guards"].probability == 1.0
    assert tree_shape.attacker_nodes(tree) == set(tree.nodes) - {
        "guards", "dogs", "dogs, unless sausage", "any of guards, dogs, unless sausage",
    }  # fmt: skip


def test_domain_of_probabilities_may_be_named():
    text = STOP_LINE.replace("MinCost1", "Mine").replace("15.0", "0.5")
    assert read(text, probabilities="Mine").nodes["log in"].probability == 0.5


def test_one_label_on_both_sides_is_two_steps():
    tree = read(
        "<adtree><node><label>a</label><node><label>x</label></node>"
        '<node switchRole="yes"><label>x</label></node></node></adtree>'
    )
    assert tree.nodes["a"].children == ["x", "x (2)"]


def test_writing_and_reading_back():
    tree = read(STOP_LINE)
    again = read(adtool_xml(tree))
    assert again.nodes == tree.nodes
    assert again.roots == tree.roots


def test_shipped_trees_can_be_written_root_by_root():
    nodes = plain(read_yaml(ROOT / "configs/attack_trees/te_remote.yaml"))
    tree = AttackTree.model_validate(nodes)
    for root in tree.root_names:
        again = read(adtool_xml(tree, root))
        assert again.roots == [root]
        wanted = {name for name, node in tree.nodes.items() if node.gate == "LEAF"}
        assert {n for n, node in again.nodes.items() if node.gate == "LEAF"} <= wanted


NAMES = st.sampled_from("abcdefgh")


@st.composite
def trees(draw) -> AttackTree:
    """Small trees of every gate, with shared nodes; node `n0` is the root."""
    size = draw(st.integers(1, 7))
    nodes = {}
    for i in range(size):
        later = [f"n{j}" for j in range(i + 1, size)]
        kinds = ["LEAF"] + (["OR", "AND", "SAND", "VOTE"] if later else [])
        gate = draw(st.sampled_from(kinds + (["COUNTER"] if len(later) > 1 else [])))
        if gate == "LEAF":
            nodes[f"n{i}"] = {"probability": draw(st.sampled_from([1.0, 0.5, 0.125, 1e-5]))}
            continue
        low, high = (2, 2) if gate == "COUNTER" else (1, min(4, len(later)))
        children = draw(st.lists(st.sampled_from(later), min_size=low, max_size=high, unique=True))
        nodes[f"n{i}"] = {"gate": gate, "children": children}
        if gate == "VOTE":
            nodes[f"n{i}"]["k"] = draw(st.integers(1, len(children)))
    return AttackTree.model_validate({"roots": ["n0"], "nodes": nodes})


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees())
def test_a_tree_means_the_same_after_its_way_through_adtool(tree):
    again = read(adtool_xml(tree, "n0"))
    reached, stack = set(), ["n0"]
    while stack:
        name = stack.pop()
        reached.add(name)
        stack.extend(tree.nodes[name].children)
    leaves = [name for name in reached if tree.nodes[name].gate == "LEAF"]
    kept = [name for name, node in again.nodes.items() if node.gate == "LEAF"]
    assert {name.partition(" (")[0] for name in kept} == set(leaves)
    for name in kept:
        assert again.nodes[name].probability == tree.nodes[name.partition(" (")[0]].probability
    for values in product([False, True], repeat=len(leaves)):
        done = dict(zip(leaves, values, strict=True))
        after = {name: done[name.partition(" (")[0]] for name in kept}
        assert holds(again, after, again.root_names[0]) == holds(tree, done, "n0")


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_names_survive_whatever_they_hold(text):
    name = " ".join(text.split())
    if not name or not name.isprintable():
        return
    tree = AttackTree.model_validate({"nodes": {name: {"probability": 0.5}}})
    assert read(adtool_xml(tree)).nodes == tree.nodes


NODE = "<adtree><node><label>a</label>%s</node></adtree>"
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "&lol;" * 10}">' for i in range(9))
    + "]><adtree><node><label>&l8;</label></node></adtree>"
)
OUTSIDE = (
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    "<adtree><node><label>&e;</label></node></adtree>"
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "tree.xml:1:1: not valid XML (no element found); export it again"),
        ("<adtree>", "tree.xml:1:9: not valid XML (no element found); export it again"),
        ("<a></b>", "tree.xml:1:6: not valid XML (mismatched tag); export it again"),
        ("<a/>", "tree.xml:1:1: need <adtree> with one <node> in it; export the tree from ADTool "
         "as XML"),
        (NODE % "<nod/>", "tree.xml:1:31: unknown element <nod>; is this ADTool's XML?"),
        (NODE % "<node/>", "tree.xml:1:31: a node needs one <label> of 1 to 200 printable "
         "characters"),
        (NODE % "<label>b</label>", "tree.xml:1:9: a node needs one <label> of 1 to 200 printable "
         "characters"),
        (NODE.replace("<node>", '<node refinement="maybe">') % "", "tree.xml:1:9: unknown "
         "refinement 'maybe' (known: disjunctive, conjunctive, sequential)"),
        (NODE % '<node switchRole="on"><label>b</label></node>', "tree.xml:1:31: switchRole is "
         "'on', but must be yes or no"),
        (NODE % '<parameter domainId="ProbSucc1">2</parameter>', "tree.xml:1:31: ProbSucc1 is '2', "
         "but a probability lies within 0 and 1"),
        (NODE % '<parameter domainId="ProbSucc1">nan</parameter>', "tree.xml:1:31: ProbSucc1 is "
         "'nan', but a probability lies within 0 and 1"),
        (BOMB, "tree.xml:1:37: declares a document type or entities; remove the <!DOCTYPE ...>"),
        (OUTSIDE, "tree.xml:1:13: declares a document type or entities; remove the <!DOCTYPE ...>"),
        ("<!DOCTYPE adtree><adtree/>", "tree.xml:1:17: declares a document type or entities; "
         "remove the <!DOCTYPE ...>"),
        ("<adtree>&e;</adtree>", "tree.xml:1:9: not valid XML (undefined entity); export it again"),
        ("<a>" * 5_000, "tree.xml:1:601: nested deeper than 200 levels; flatten it"),
        ("<a>" + "<b/>" * 100_000 + "</a>", "tree.xml:1:400000: more than 100000 elements; split "
         "it up"),
        (b'<?xml version="1.0" encoding="none"?><adtree/>', "tree.xml: not valid XML (unknown "
         "encoding: none); save it as UTF-8"),
        (b"\xff\xfe\x00", "tree.xml:1:2: not valid XML (unclosed token); export it again"),
    ],
)  # fmt: skip
def test_faults(text, fault):
    start = time.process_time()
    assert faults(read, text) == [fault]
    assert time.process_time() - start < LONGEST_S


def test_too_large():
    with open("tree.xml", "wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert "larger than 8 MB" in faults(read_adtool, "tree.xml")[0]


def test_what_adtool_cannot_hold():
    two = AttackTree.model_validate({"nodes": {"a": {}, "b": {}}})
    with pytest.raises(ModelError, match=r"has 2 roots \(a, b\); name the one to write"):
        adtool_xml(two)
    with pytest.raises(ModelError, match="no node 'c'"):
        adtool_xml(two, "c")
    many = {f"l{i}": {} for i in range(20)}
    vote = {"v": {"gate": "VOTE", "k": 10, "children": list(many)}}
    with pytest.raises(ModelError, match="184756 choices of 10 children"):
        adtool_xml(AttackTree.model_validate({"nodes": vote | many}))
    doubling = {f"n{i}": {"gate": "AND", "children": [f"n{i + 1}", f"m{i + 1}"]} for i in range(30)}
    doubling |= {f"m{i}": {"gate": "OR", "children": [f"n{i + 1}"]} for i in range(1, 30)}
    doubling |= {"n30": {}, "m30": {}}
    with pytest.raises(ModelError, match="more than 50000 nodes"):
        adtool_xml(AttackTree.model_validate({"roots": ["n0"], "nodes": doubling}))
    chain = {f"n{i}": {"gate": "OR", "children": [f"n{i + 1}"]} for i in range(150)} | {"n150": {}}
    with pytest.raises(ModelError, match="deeper than 90 levels"):
        adtool_xml(AttackTree.model_validate({"nodes": chain}))

"""The table of promises in the docs names tests that are there, and every test here is in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "promises.md"
HERE = sorted(Path(__file__).parent.glob("test_r[0-9]*.py"))


def test_every_test_named_in_the_docs_is_there() -> None:
    named = re.findall(r"tests/[\w/]+\.py", TABLE.read_text())
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_promise_tested_here_is_in_the_docs() -> None:
    text = TABLE.read_text()
    assert [path.name for path in HERE if f"tests/promises/{path.name}" not in text] == []


def test_each_says_how_it_was_seen_to_fail() -> None:
    """What was not yet seen to fail is marked on the page, and nothing else is."""
    silent, unseen = [], set()
    for path in HERE:
        number = path.name[5:8]
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                told = " ".join((ast.get_docstring(node) or "").split())
                if "Not yet seen to fail: " in told:
                    unseen.add(f"R{int(number[1:])}")
                says = "een to fail: " in told
                if not node.name.startswith(f"test_{number}_") or not says:
                    silent.append(f"{path.name}: {node.name}")
    assert silent == []
    rows = re.findall(r"^\| (R\d+) .*not yet seen to fail.*$", TABLE.read_text(), re.MULTILINE)
    assert set(rows) == unseen

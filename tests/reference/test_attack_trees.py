"""The reference cases of attack trees and losses, each answered by the module for its kind.

Trees are answered twice: every query exactly, and number by number by the sampler where a million
samples can tell.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from reference import exact_answers, loss_answers, rare_event_answers, tree_answers

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(os.environ.get("OTSIM_REFERENCE", ROOT / "../shared/reference")) / "attack-trees/cases"
FILES = sorted(CASES.glob("*.json"))
NO_DATA = "no reference data: set OTSIM_REFERENCE to the folder that holds attack-trees/"

pytestmark = pytest.mark.reference


def read(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return case


def tree_questions() -> list[Any]:
    """List every single number that the cases of kind `tree` ask for."""
    return [
        pytest.param(path, i, id=f"{path.stem}-{question}")
        for path in FILES
        for case in [read(path)]
        if case["kind"] in tree_answers.KINDS
        for i, question in enumerate(tree_answers.questions(case))
    ]


def exact_queries() -> list[Any]:
    """List every query of the cases that are answered exactly; a case without any is kept too."""
    return [
        pytest.param(path, i, id=f"{path.stem}-{i}-{query.get('metric')}")
        for path in FILES
        for case in [read(path)]
        if case["kind"] in exact_answers.KINDS
        for i, query in enumerate(case["queries"] or [{}])
    ]


def test_there_are_cases() -> None:
    if not CASES.is_dir():
        pytest.skip(NO_DATA)
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_case_is_answered(path: Path) -> None:
    case = read(path)
    answered = (exact_answers, loss_answers, rare_event_answers)
    assert case["kind"] in {kind for module in answered for kind in module.KINDS}
    assert case["queries"]
    if case["kind"] in loss_answers.KINDS:
        loss_answers.check(case)
    if case["kind"] in rare_event_answers.KINDS:
        rare_event_answers.check(case)


@pytest.mark.parametrize(("path", "number"), exact_queries())
def test_exact_query(path: Path, number: int) -> None:
    exact_answers.check_query(read(path), number)


@pytest.mark.parametrize(("path", "number"), tree_questions())
def test_tree_question(path: Path, number: int) -> None:
    case = read(path)
    question = list(tree_answers.questions(case))[number]
    reason = tree_answers.left_out(question)
    if reason is not None:
        pytest.skip(reason)
    tree_answers.check_question(case, question)

"""The reference cases of attack trees and losses, each answered by the module for its kind."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from reference import loss_answers, tree_answers

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(os.environ.get("OTSIM_REFERENCE", ROOT / "../shared/reference")) / "attack-trees/cases"
FILES = sorted(CASES.glob("*.json"))
NO_DATA = "no reference data: set OTSIM_REFERENCE to the folder that holds attack-trees/"
ANSWERS = {kind: answers for answers in (loss_answers, tree_answers) for kind in answers.KINDS}

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


def test_there_are_cases() -> None:
    if not CASES.is_dir():
        pytest.skip(NO_DATA)
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = read(path)
    if case["kind"] in tree_answers.KINDS:
        pytest.skip("taken question by question in test_tree_question")
    if case["kind"] not in ANSWERS:
        pytest.skip(f"kind {case['kind']} is answered by a later part")
    ANSWERS[case["kind"]].check(case)


@pytest.mark.parametrize(("path", "number"), tree_questions())
def test_tree_question(path: Path, number: int) -> None:
    case = read(path)
    question = list(tree_answers.questions(case))[number]
    reason = tree_answers.left_out(question)
    if reason is not None:
        pytest.skip(reason)
    tree_answers.check_question(case, question)

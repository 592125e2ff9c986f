"""R12: what stands in a file is never run.

That no module calls what runs code from data: pipeline/test_layout.py, by its syntax tree.
"""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import pytest

from config.studies import MALFORMED
from otsim.config import read_actions, read_study
from otsim.errors import OtsimError
from otsim.runs import RunIndex, verify_run
from pipeline.test_layout import allows_pickle, package_files, runs_code
from promises.watched_process import deeds, written_outside

CANARY = "canary"
PAYLOADS = (
    f'!!python/object/apply:os.system ["touch {CANARY}"]',
    f'!!python/object/new:os.system ["touch {CANARY}"]',
    f"!!python/name:os.system\ntitle: touch {CANARY}",
    f"!!python/object/apply:subprocess.check_output [[touch, {CANARY}]]",
    f"!<tag:yaml.org,2002:python/object/apply:os.system> [touch {CANARY}]",
)


class Bomb:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> object:
        import os

        return os.system, (f"touch {CANARY}",)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_r12_tags_of_yaml_run_nothing(
    payload: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: with `yaml.unsafe_load` of the text before it is parsed (a canary)."""
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text(f"version: 1\ntitle: {payload}\n")
    Path("actions.yaml").write_text(f"- {{kind: {payload}}}\n")
    with deeds() as done:
        for read in (lambda: read_study("bad.yaml"),
                     lambda: read_actions("actions.yaml", "tennessee_eastman")):  # fmt: skip
            with pytest.raises(OtsimError):
                read()
    assert done == []
    assert not (tmp_path / CANARY).exists()


def test_r12_pickles_run_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail: with `pickle.loads` tried on the index before SQLite."""
    monkeypatch.chdir(tmp_path)
    bomb = pickle.dumps(Bomb())
    (tmp_path / "run" / "_manifest").mkdir(parents=True)
    for name in ("run/run.json", "run/study.yaml", "run/_manifest/ept.json", "runs.sqlite"):
        Path(name).write_bytes(bomb)
    with deeds() as done:
        assert verify_run(Path("run")).damaged
        with pytest.raises(OtsimError):
            RunIndex(file=Path("runs.sqlite")).runs()
        with pytest.raises(OtsimError):
            read_study("run/study.yaml")
    assert written_outside(done) == []
    assert not (tmp_path / CANARY).exists()


def test_r12_the_corpus_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail: with an `os.system("true")` in `read_study`."""
    monkeypatch.chdir(MALFORMED)
    with deeds() as done:
        for path in sorted(MALFORMED.glob("*.yaml")):
            with pytest.raises(OtsimError):
                read_study(path.name)
    assert done == []


def test_r12_no_module_runs_code_from_data() -> None:
    """Seen to fail: with an `eval` in any module of the package."""
    bad = [
        f"{path}:{node.lineno}"
        for path in package_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and (runs_code(node) or allows_pickle(node))
    ]
    assert bad == []

"""Every malformed file is refused with its place and in plain words, fast and without a trace."""

from __future__ import annotations

import time

import pytest

from config.studies import MALFORMED, faults
from otsim.config import read_study

FILES = sorted(path.name for path in MALFORMED.glob("*.yaml"))
TABLE = dict(
    line.split(" | ", 1) for line in (MALFORMED / "expected.txt").read_text("utf-8").splitlines()
)


def test_table_names_every_file():
    assert sorted(TABLE) == FILES
    assert len(FILES) >= 60


@pytest.mark.parametrize("name", FILES)
def test_first_fault(name, monkeypatch):
    monkeypatch.chdir(MALFORMED)
    start = time.process_time()
    found = faults(read_study, name)
    assert time.process_time() - start < 1.0
    assert found[0] == TABLE[name]
    assert all(line.isprintable() and len(line) < 900 for line in found)


def test_no_file_runs_code(monkeypatch, tmp_path):
    (tmp_path / "evil.yaml").write_text(
        'version: 1\ntitle: !!python/object/apply:os.system ["touch canary"]\n'
    )
    monkeypatch.chdir(tmp_path)
    faults(read_study, "evil.yaml")
    assert not (tmp_path / "canary").exists()


def test_all_faults_of_a_file_in_its_order(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(
        f"extends: {MALFORMED}/base/sound.yaml\n"
        "loss:\n  margin_per_hour: -1\n  currency: euro\n"
        "simulation: {twins: 0, sed: 1}\n"
    )
    places = [line.removeprefix(str(file)).split(": ")[0] for line in faults(read_study, file)]
    assert places == [":3:3", ":4:3", ":5:14", ":5:24"]


def test_at_most_twenty_lines_and_a_count(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text("".join(f"key{i}: 1\n" for i in range(50)))
    with pytest.raises(Exception, match=r"and 36 more$") as caught:
        read_study(file)  # 50 unknown keys and 6 missing ones
    assert len(str(caught.value).splitlines()) == 21


def test_large_faulty_tree_is_refused_in_seconds(tmp_path):
    nodes = "".join(f"  n{i}: {{gate: OR, children: [x{i}]}}\n" for i in range(15_000))
    (tmp_path / "tree.yaml").write_text("nodes:\n" + nodes)
    study = tmp_path / "study.yaml"
    study.write_text(f"extends: {MALFORMED}/base/sound.yaml\nattack: {{tree: tree.yaml}}\n")
    start = time.process_time()
    assert len(faults(read_study, study)) > 15_000
    assert time.process_time() - start < 5.0

"""Warm states on disk: found again, and never where anything that made them has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from otsim.simulate import twin_model, warm_cache, warm_states
from otsim.simulate.kernel import Kernel, first_states, kernel_of
from otsim.simulate.warm_cache import cached_bank
from simulate.by_hand import study_with


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(warm_cache, "_folder", lambda: tmp_path / "warm")
    return tmp_path / "warm"


def a_kernel(precision: str = "float32") -> Kernel:
    return kernel_of(
        "tennessee_eastman", (), integration="converged", noise=True, precision=precision
    )


class Maker:
    """Fills a bank, and counts how often it had to."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.calls = kernel, 0

    def __call__(self) -> Any:
        self.calls += 1
        return first_states(self.kernel, 3)

    def bank(self, *made_from: Any) -> Any:
        return cached_bank(self.kernel, made_from, self)


def test_a_bank_is_found_again_bit_for_bit(folder: Path) -> None:
    make = Maker(a_kernel())
    first, again = make.bank(1), make.bank(1)
    assert make.calls == 1
    assert len(list(folder.iterdir())) == 1
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(again), strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_array_equal(a, b)


def test_whatever_changes_a_bank_makes_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Maker(a_kernel())
    make.bank(1), make.bank(2)
    Maker(a_kernel("float64")).bank(1)
    monkeypatch.setenv("XLA_FLAGS", "--some_other=1")
    make.bank(1)
    monkeypatch.setattr(warm_cache, "_source", lambda: "edited")
    make.bank(1)
    assert make.calls == 4
    assert len(list(folder.iterdir())) == 5


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half a file", None])
def test_a_damaged_bank_is_made_again(folder: Path, damage: bytes | None) -> None:
    make = Maker(a_kernel())
    make.bank(1)
    (path,) = folder.iterdir()
    if damage is None:
        np.savez(path, leaf_0=np.zeros(3))
    else:
        path.write_bytes(damage)
    make.bank(1), make.bank(1)
    assert make.calls == 2


def test_a_folder_that_cannot_be_written_costs_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(warm_cache, "_folder", lambda: tmp_path / "file" / "warm")
    make = Maker(a_kernel())
    make.bank(1), make.bank(1)
    assert make.calls == 2


def test_old_banks_are_forgotten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_cache, "MOST_BANKS", 2)
    make = Maker(a_kernel())
    for number in range(4):
        make.bank(number)
    assert len(list(folder.iterdir())) == 2


def test_a_study_finds_the_bank_of_its_own_seed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Studies that differ in what the bank is made from, and in what it is not."""
    made = []
    monkeypatch.setattr(
        warm_states,
        "make_bank",
        lambda study, kernel: made.append(study) or first_states(kernel, 3),
    )
    studies = [
        study_with(), study_with(**{"simulation.seed": 2}), study_with(**{"simulation.twins": 7}),
        study_with(**{"loss.margin_per_hour": 1.0}),
    ]  # fmt: skip
    for study in studies:
        twin_model(study)
    assert made == studies[:2]
    assert len(list(folder.iterdir())) == 2

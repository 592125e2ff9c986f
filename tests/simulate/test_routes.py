"""Routes: which driver runs, how blocks are cut for it, and which GPU a worker sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from otsim.executors.process_pool import spawned_workers
from otsim.simulate import gpus, kernel, routes, simulate_campaigns, twin_model, twins
from otsim.simulate.gpus import usable_gpus
from otsim.simulate.routes import Driver, driver_in_use
from simulate.by_hand import BATCH, study_with
from simulate.test_twins import mixed, same


@pytest.fixture
def _forgetful() -> Iterator[None]:
    driver_in_use.cache_clear()
    yield
    driver_in_use.cache_clear()


@pytest.mark.usefixtures("_forgetful")
@pytest.mark.parametrize(
    ("backend", "has_cuda_core", "module", "has_hint"),
    [
        ("cpu", False, "fast_cpu", False), ("cpu", True, "fast_cpu", False),
        ("gpu", True, "fused_gpu", False), ("gpu", False, "reference", True),
        ("tpu", True, "reference", False),
    ],
)  # fmt: skip
def test_the_fastest_driver_that_works(
    backend: str, has_cuda_core: bool, module: str, has_hint: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    monkeypatch.setattr(routes, "_has_cuda_core", lambda: has_cuda_core)
    driver = driver_in_use()
    assert driver.module == module
    assert bool(driver.hint) == has_hint
    assert callable(driver.advance())


@pytest.mark.slow
@pytest.mark.parametrize("whole_lives", [False, True])
def test_whole_shards_in_one_block_are_the_same_twins(
    whole_lives: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_with()
    model, campaigns = twin_model(study), mixed(3 * BATCH // 2)
    usual = simulate_campaigns(model, campaigns)
    driver = Driver(name="whole", module="fast_cpu", whole_shards=True, whole_lives=whole_lives)
    # the CPU's loop cannot replay over more than a recording, which the kernel sees to
    monkeypatch.setattr(twins, "driver_in_use", lambda: driver)
    monkeypatch.setattr(kernel, "driver_in_use", lambda: replace(driver, whole_lives=False))
    same(simulate_campaigns(model, campaigns), usual)


def test_gpus_are_found_without_jax(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nvidia0", "nvidia3", "nvidiactl", "nvidia-uvm", "tty0"):
        (tmp_path / name).touch()
    monkeypatch.setattr(gpus, "find_spec", lambda name: ModuleSpec(name, None))
    assert usable_gpus({}, tmp_path) == ("0", "1")
    assert usable_gpus({"CUDA_VISIBLE_DEVICES": "3,GPU-8a"}, tmp_path) == ("3", "GPU-8a")
    assert usable_gpus({"CUDA_VISIBLE_DEVICES": ""}, tmp_path) == ()
    assert usable_gpus({"JAX_PLATFORMS": "cpu"}, tmp_path) == ()
    monkeypatch.setattr(gpus, "find_spec", lambda name: None)
    assert usable_gpus({}, tmp_path) == ()


def test_each_worker_sees_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from otsim.executors import process_pool

    monkeypatch.setattr(process_pool, "usable_gpus", lambda: ("0", "7"))
    with spawned_workers(2) as pool:
        seen = [pool.submit(_visible, 2.0) for _ in range(2)]
        assert sorted(one.result() for one in seen) == [("0", None), ("7", None)]


def test_workers_that_share_a_gpu_do_not_reserve_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from otsim.executors import process_pool

    monkeypatch.setattr(process_pool, "usable_gpus", lambda: ("0",))
    with spawned_workers(2) as pool:
        seen = [pool.submit(_visible, 2.0) for _ in range(2)]
        assert [one.result() for one in seen] == [("0", "false")] * 2


def _visible(wait_s: float) -> Any:
    import os
    import time

    time.sleep(wait_s)  # so that both workers take one
    return os.environ["CUDA_VISIBLE_DEVICES"], os.environ.get("XLA_PYTHON_CLIENT_PREALLOCATE")


def test_a_batch_of_no_twins_is_no_work() -> None:
    outcomes = simulate_campaigns(twin_model(study_with()), mixed(0))
    assert len(outcomes.twin_id) == 0
    assert np.asarray(outcomes.status).shape == (0,)


def test_whole_shards_come_in_few_sizes() -> None:
    whole = Driver(name="whole", module="reference", whole_shards=True)
    assert [whole.block(n, 64) for n in (0, 1, 32, 33, 215, 512, 513)] == [
        32, 32, 32, 64, 256, 512, 1024,
    ]  # fmt: skip
    assert Driver(name="blocks", module="fast_cpu").block(513, 96) == 96

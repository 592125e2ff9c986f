"""Tilted draws: masses as asked for, odds as told, and what is not tilted left alone."""

import jax
import numpy as np
import pytest

from otsim.config.study_tilt import Tilt, TiltedComponent
from otsim.draws import Streams, TiltedStreams
from otsim_kernels.draws import purpose_id
from otsim_kernels.tilted_draws import component_of

NAMES = {"campaign": ("a", "b", "c"), "twin": ("d",), "loss": ()}
TILT = Tilt(
    bins={"a": (0.01, 0.5), "d": (0.9,)},
    components=(
        TiltedComponent(name="nominal", share=0.25),
        TiltedComponent(name="low", share=0.75, masses={"a": (0.6, 0.3, 0.1), "d": (0.2, 0.8)}),
    ),
)
TILTED = TiltedStreams(seed=3, tilt=TILT, names=NAMES)
PLAIN = Streams(seed=3)
TWINS = np.arange(40_000)
ATTEMPTS = np.ones(len(TWINS), np.int32)
BOUND = 4.5


def uniform(name: str, design: TiltedStreams | Streams = TILTED, slot: int = 0) -> np.ndarray:
    part = next(part for part, names in NAMES.items() if name in names)
    words = design.key(TWINS, part, ATTEMPTS).word(purpose_id(name), slot)
    return np.asarray(words) / 2.0**32


def components(slot: int = 0) -> np.ndarray:
    return np.asarray(component_of(TILTED.key(TWINS, "campaign"), slot))


def test_each_component_has_the_masses_that_it_was_given() -> None:
    low = components() == 1
    assert abs(low.mean() - 0.75) < BOUND * np.sqrt(0.75 * 0.25 / len(low))
    found = np.histogram(uniform("a")[low], [0.0, 0.01, 0.5, 1.0])[0] / low.sum()
    want = np.array([0.6, 0.3, 0.1])
    assert np.all(np.abs(found - want) < BOUND * np.sqrt(want * (1.0 - want) / low.sum()))


def test_plain_components_and_other_draws_are_those_of_the_streams() -> None:
    nominal = components() == 0
    assert np.array_equal(uniform("a")[nominal], uniform("a", PLAIN)[nominal])
    assert np.array_equal(uniform("b"), uniform("b", PLAIN))


def test_larger_words_stay_larger() -> None:
    low = components() == 1
    order = np.argsort(uniform("a", PLAIN)[low])
    assert np.all(np.diff(uniform("a")[low][order]) >= 0.0)


def test_weights_undo_the_tilt() -> None:
    weights = TILTED.weights(TWINS, ATTEMPTS)
    assert weights.max() <= 4.0
    hits = {
        "nothing": (np.ones(len(TWINS)), 1.0),
        "a": (uniform("a") < 0.01, 0.01),
        "d": (uniform("d") > 0.95, 0.05),
        "both": ((uniform("a") < 0.2) & (uniform("d") > 0.9), 0.02),
    }
    for which, chance in hits.values():
        values = weights * which
        assert abs(values.mean() - chance) < BOUND * values.std() / np.sqrt(len(values))


def test_without_weights_the_tilt_would_be_seen() -> None:
    assert (uniform("a") < 0.01).mean() > 0.4


def test_the_parts_after_a_campaign_are_of_the_attempt_that_counted() -> None:
    later = np.full(len(TWINS), 3, np.int32)
    key = TILTED.key(TWINS, "twin", later)
    assert np.array_equal(component_of(key, 0), components(slot=2))
    with pytest.raises(ValueError, match="attempt"):
        TILTED.key(TWINS, "twin")


def test_traced_words_are_those_of_the_host() -> None:
    key = TILTED.key(TWINS[:512], "campaign")
    purposes = np.array([[purpose_id(name)] for name in NAMES["campaign"]], np.uint32)
    slot = np.arange(512, dtype=np.uint32) % 3
    lanes = np.arange(100, 300)
    traced = jax.jit(lambda given: given.of(lanes).word(purposes, slot[lanes]))(key)
    assert np.array_equal(np.asarray(traced), key.word(purposes, slot)[:, lanes])

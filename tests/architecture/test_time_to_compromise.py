"""The three processes of TTC-ICS: the formula, arrays, what skill does, and faults."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from otsim.architecture.time_to_compromise import PROFILES, Component, Profile, mixture
from otsim.errors import ModelError

HMI = Component(
    n_vulnerabilities=10,
    n_exploits=15,
    n_vulnerabilities_in_all=2740,
    cvss2_base=6.68,
    cvss3_exploitability=2.6,
    days_between=322,
)


def test_published_value() -> None:
    """HMI, access control, novice (TTC-ICS workbook)."""
    found = mixture(HMI, PROFILES["novice"])
    assert found.total_mean_d == pytest.approx(3594.29969556873, rel=1e-12)
    assert found.probability[0] == pytest.approx(1.0 - math.exp(-150 / 2740))
    assert found.none_usable == pytest.approx(0.95**10)
    assert found.mean_d.tolist() == pytest.approx([1.498502994011976, 37.0, 6316.0])


def test_arrays_of_components() -> None:
    counts = np.array([0.0, 1.0, 10.0, 100.0])
    found = mixture(replace(HMI, n_vulnerabilities=counts), PROFILES["beginner"])
    assert found.probability.shape == found.mean_d.shape == (3, 4)
    np.testing.assert_allclose(found.probability.sum(axis=0), 1.0)
    for i, count in enumerate(counts):
        alone = mixture(replace(HMI, n_vulnerabilities=count), PROFILES["beginner"])
        assert found.total_mean_d[i] == pytest.approx(float(alone.total_mean_d))
    assert (np.diff(found.total_mean_d) < 0.0).all()


def test_skill_shortens_the_time() -> None:
    means = [float(mixture(HMI, profile).total_mean_d) for profile in PROFILES.values()]
    assert means == sorted(means, reverse=True)
    assert list(PROFILES) == ["novice", "beginner", "intermediate", "expert"]


@pytest.mark.parametrize(
    ("component", "profile", "message"),
    [
        (
            replace(HMI, cvss2_base=0.0),
            PROFILES["expert"],
            "cvss2_base is 0.0, but must be above 0",
        ),
        (
            replace(HMI, n_exploits=-1.0),
            PROFILES["expert"],
            "n_exploits is -1.0, but must be 0 or more",
        ),
        (HMI, Profile(usable_frac=1.5, exploit_d=6.0), "must be above 0, at most 1"),
        (replace(HMI, days_between=math.nan), PROFILES["expert"], "days_between is nan"),
    ],
)
def test_faults(component: Component, profile: Profile, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        mixture(component, profile)

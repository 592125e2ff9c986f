"""Errors from replicates: nets of Sobol points are known better, and the intervals still hold."""

import numpy as np
import pytest
from scipy import stats

from otsim.draws.directions import direction_numbers
from otsim.risk import EventLosses, annual_risk
from otsim.risk.annual import annual_loss
from otsim.risk.exceedance import CurvePoint, Curves, ept
from otsim.risk.intervals import mean_interval, proportion_interval
from otsim.risk.sampling_error import INDEPENDENT, Sampling
from otsim_kernels.sobol import sobol_key
from risk.test_coverage import CASES, N_EVENTS, Case

N_REPLICATES = 16
FAST_SEEDS, ALL_SEEDS = 120, 1500
TWINS = np.arange(N_EVENTS, dtype=np.uint32)
DIRECTIONS = direction_numbers(2, 12)
SAMPLING = Sampling(replicate=(TWINS % N_REPLICATES).astype(np.int64))


def sobol_events(case: Case, seed: int) -> EventLosses:
    """Sample N_EVENTS losses from nets in two dimensions: whether there is one, and how large."""
    key = sobol_key(
        DIRECTIONS, np.array([1, 2], np.uint32), twin=TWINS,
        n_replicates=N_REPLICATES, seed=seed,
    )  # fmt: skip
    chance, size = (key.bits + 0.5) / 2.0**32
    losses = np.where(chance < case.share, case.severity.upper_quantile(1.0 - size), 0.0)
    return EventLosses(
        loss=losses, by_category={"product": losses}, labels={}, flags={}, plant_value=1e9,
        sampling=SAMPLING,
    )  # fmt: skip


def figures(case: Case, events: EventLosses) -> tuple[CurvePoint, ...]:
    annual = annual_loss(events.loss, case.frequency, cells=2**14)
    return ept(Curves(annual=annual, sampling=SAMPLING), [case.period])


def intervals(case: Case, events: EventLosses) -> dict[str, tuple[float, float]]:
    losses, rows = events.loss, figures(case, events)
    mean, sd = float(np.mean(losses)), np.std(losses)
    skewness = float(np.mean(((losses - mean) / sd) ** 3))
    error = SAMPLING.mean_error(losses) * SAMPLING.widening
    eal = mean_interval(mean, error, skewness, N_EVENTS)
    chance = float(np.mean(losses > 0.0))
    known = SAMPLING.effective_size(chance, SAMPLING.mean_error(1.0 * (losses > 0.0)), N_EVENTS)
    return {
        "eal": (case.frequency.mean * eal[0], case.frequency.mean * eal[1]),
        "probability": proportion_interval(chance * known, known),
        "oep": (rows[0].lower_ci, rows[0].upper_ci),
        "aep": (rows[2].lower_ci, rows[2].upper_ci),
    }


def test_tables_state_these_very_intervals() -> None:
    case = CASES["poisson-exponential"]
    events = sobol_events(case, 0)
    tables, want = annual_risk(events, case.frequency, [case.period]), intervals(case, events)
    (loss,) = (row for row in tables.probabilities if row.name == "loss")
    stated = {
        "eal": tables.alt[0], "probability": loss, "oep": tables.ept[0], "aep": tables.ept[2],
    }  # fmt: skip
    for name, row in stated.items():
        assert (row.lower_ci, row.upper_ci) == pytest.approx(want[name], rel=1e-3), name
    last = tables.alct[-1]
    assert last.standard_error == tables.alt[0].standard_error
    (part,) = (row for row in tables.contributions if row.group == "category")
    assert 0.0 < part.standard_error < 0.5 * part.loss


def hits_of(case: Case, n_seeds: int) -> dict[str, int]:
    truth = case.truth()
    hits = dict.fromkeys(truth, 0)
    for seed in range(n_seeds):
        for name, (lower, upper) in intervals(case, sobol_events(case, seed)).items():
            hits[name] += lower <= truth[name] <= upper
    return hits


@pytest.mark.parametrize("name", ["poisson-exponential", "clustered-many"])
def test_coverage_of_few_seeds(name: str) -> None:
    """A true coverage of 93 % or more (see below) leaves this bound once in 10,000 runs."""
    for quantity, hits in hits_of(CASES[name], FAST_SEEDS).items():
        least = 0.85 if (name, quantity) == ("clustered-many", "aep") else 0.93
        assert hits >= stats.binom.ppf(1e-4, FAST_SEEDS, least), quantity


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_coverage_of_many_seeds(name: str) -> None:
    """Where AEP rests on few events, 16 nets that miss them know neither it nor its error."""
    for quantity, hits in hits_of(CASES[name], ALL_SEEDS).items():
        least = 0.85 if (name, quantity) == ("clustered-many", "aep") else 0.93
        assert least <= hits / ALL_SEEDS <= 0.99, quantity


def test_stated_errors_are_those_between_seeds() -> None:
    """The errors that 16 nets state for the mean and its tail are the spread over 120 seeds."""
    case = CASES["poisson-exponential"]
    drawn = [sobol_events(case, seed) for seed in range(FAST_SEEDS)]
    tails = [figures(case, events)[3] for events in drawn]
    for mean, stated in (
        ([np.mean(one.loss) for one in drawn], [SAMPLING.mean_error(one.loss) for one in drawn]),
        ([one.loss for one in tails], [one.standard_error for one in tails]),
    ):
        true = np.std(mean, ddof=1)
        assert np.sqrt(np.mean(np.square(stated))) == pytest.approx(true, rel=0.3)


def test_nets_know_the_mean_better_than_chance() -> None:
    case = CASES["poisson-exponential"]
    events = sobol_events(case, 5)
    assert SAMPLING.mean_error(events.loss) < 0.5 * INDEPENDENT.mean_error(events.loss)


def test_uneven_replicates_are_weighed_by_their_size() -> None:
    """Against the jackknife over replicates of the ratio of sums."""
    rng = np.random.default_rng(1)
    replicate = rng.integers(0, 8, 1000)
    values = rng.normal(replicate, 1.0)
    error = Sampling(replicate=replicate).mean_error(values)
    without = np.array([np.mean(values[replicate != r]) for r in range(8)])
    jackknife = np.sqrt(7.0 / 8.0 * np.sum((without - np.mean(without)) ** 2))
    assert error == pytest.approx(jackknife, rel=0.05)


def test_a_count_is_not_known_better_than_to_its_rounding() -> None:
    flags = np.tile([1.0, 0.0], 512)
    even = Sampling(replicate=np.repeat(np.arange(16), 64))
    assert even.mean_error(flags) == 0.0
    known = even.effective_size(0.5, 0.0, 1024)
    assert 1024 < known < 200 * 1024
    assert INDEPENDENT.effective_size(0.5, 0.1, 1024) == 1024

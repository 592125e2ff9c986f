"""Answers the queries of the loss cases exactly, through otsim.risk, and compares them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from scipy import integrate, special

from otsim.risk import compound as continuous
from otsim.risk import frequency as counts
from otsim.risk.annual import annual_mean, annual_variance
from otsim.risk.lattice import common_unit, compound, lattice_loss, plain_loss
from otsim.risk.measures import (
    DiscreteLoss,
    discrete_loss,
    exceedance,
    loss_mean,
    loss_variance,
    tail_mean,
    value_at_risk,
)
from otsim.risk.scenarios import (
    Scenario,
    scenario_contributions,
    scenario_loss,
    scenario_shapley,
)
from otsim.risk.severity import SEVERITIES, Severity, lognormal
from otsim.risk.year_table import period_loss, period_tail_mean

KINDS = ("loss", "loss_table", "loss_campaign", "year_loss_table", "fair", "loss_scenarios")
P95 = 1.6448536269514722  # 95 % quantile of the standard normal


def check(case: Mapping[str, Any]) -> None:
    """Assert that every query of a case is answered within its tolerance, none by a known slip."""
    answers = _ANSWERS[case["kind"]](case)
    for query in case["queries"]:
        metric = query["metric"]
        assert metric in answers, f"{case['id']}: no answer to {metric}"
        got = answers[metric](query.get("args", {}))
        place = f"{case['id']}: {metric} {query.get('args', '')}"
        assert_close(got, query["value"], query["tol"], place)
        for wrong in query.get("wrong", ()):
            assert not close(got, wrong["value"], query["tol"]), f"{place}: {wrong['why']}"


def assert_close(got: Any, want: Any, tol: Mapping[str, float], place: str) -> None:
    """Assert that numbers, lists and mappings of numbers agree."""
    assert close(got, want, tol), f"{place}: got {got}, want {want} within {tol}"


def close(got: Any, want: Any, tol: Mapping[str, float]) -> bool:
    """Compare numbers, lists and mappings of numbers; a mapping may hold more than is wanted."""
    if isinstance(want, Mapping):
        return all(key in got and close(got[key], part, tol) for key, part in want.items())
    if isinstance(want, list):
        parts = np.ravel(got).tolist()
        return len(parts) == len(want) and all(map(lambda a, b: close(a, b, tol), parts, want))
    number = math.inf if want == "inf" else float(want)
    if math.isinf(number) or math.isinf(float(got)):
        return float(got) == number
    room = tol.get("abs", 0.0) + tol.get("rel", 0.0) * abs(number)
    return abs(float(got) - number) <= room


def _each(function: Callable[[Any], Any], given: Any) -> Any:
    return [function(one) for one in given] if isinstance(given, list) else function(given)


def _frequency(given: Mapping[str, Any]) -> counts.Frequency:
    family = given["family"]
    if family == "poisson":
        return counts.poisson(_first(given, "rate", "mean"))
    if family == "bernoulli":
        return counts.bernoulli(_first(given, "p", "prob"))
    if family == "negative_binomial":
        mean = given["mean"] if "mean" in given else given["r"] * given["beta"]
        return counts.negative_binomial(mean, given["r"])
    assert family == "deterministic", f"unknown frequency {family}"
    return counts.deterministic(int(_first(given, "value", "n")))


def _first(given: Mapping[str, Any], *keys: str) -> Any:
    """Return the value under the first of some names that is there."""
    return next(given[key] for key in keys if key in given)


def _loss(case: Mapping[str, Any]) -> dict[str, Callable[[Any], Any]]:
    frequency = _frequency(case["model"]["frequency"])
    severity = dict(case["model"]["severity"])
    family = severity.pop("family")
    if family == "deterministic":
        severity = {"values": [severity["value"]], "probs": [1.0]}
    if family in ("discrete", "deterministic"):
        return _discrete_answers(frequency, severity["values"], severity["probs"])
    return _continuous_answers(frequency, SEVERITIES[family](**severity), case["queries"])


def _discrete_answers(
    frequency: counts.Frequency, values: list[float], probs: list[float]
) -> dict[str, Callable[[Any], Any]]:
    one = discrete_loss(values, probs)
    annual = plain_loss(compound(frequency, lattice_loss(values, probs, common_unit(values))))
    second = loss_variance(one) + loss_mean(one) ** 2

    def largest(x: float) -> float:
        return 1.0 - float(counts.generating(frequency, 1.0 - float(exceedance(one, x))))

    return {
        **_measures(annual),
        "eal": lambda _: annual_mean(loss_mean(one), frequency),
        "annual_variance": lambda _: annual_variance(loss_mean(one), second, frequency),
        "exceedance_max_event": lambda args: _each(largest, args["x"]),
    }


def _measures(loss: DiscreteLoss) -> dict[str, Callable[[Any], Any]]:
    def at(x: float) -> float:
        same = np.isclose(loss.values, x, rtol=1e-12, atol=1e-12)
        return float(np.sum(loss.probs[same]))

    return {
        "eal": lambda _: loss_mean(loss),
        "annual_variance": lambda _: loss_variance(loss),
        "prob_zero": lambda _: at(0.0),
        "pmf": lambda args: _each(at, args["x"]),
        "exceedance": lambda args: _each(lambda x: float(exceedance(loss, x)), args["x"]),
        "var": lambda args: _each(lambda p: value_at_risk(loss, p), args["p"]),
        "cvar": lambda args: _each(lambda p: tail_mean(loss, p), args["p"]),
    }


def _continuous_answers(
    frequency: counts.Frequency, severity: Severity, queries: list[Mapping[str, Any]]
) -> dict[str, Callable[[Any], Any]]:
    levels = [np.ravel(query.get("args", {}).get("p", [])) for query in queries]
    smallest = 1.0 - max([0.999, *np.concatenate(levels)])
    annual = continuous.compound_loss(frequency, severity, smallest)
    variance = annual_variance(severity.mean, severity.second_moment, frequency)
    return {
        "eal": lambda _: annual_mean(severity.mean, frequency),
        "annual_variance": lambda _: variance,
        "prob_zero": lambda _: annual.none,
        "exceedance": lambda args: continuous.compound_exceedance(annual, args["x"]),
        "exceedance_max_event": lambda args: continuous.largest_exceedance(annual, args["x"]),
        "var": lambda args: _each(
            lambda p: continuous.compound_value_at_risk(annual, p), args["p"]
        ),
        "cvar": lambda args: _each(lambda p: continuous.compound_tail_mean(annual, p), args["p"]),
    }


def _scenarios(case: Mapping[str, Any]) -> dict[str, Callable[[Any], Any]]:
    given = {name: Scenario(**one) for name, one in case["model"]["scenarios"].items()}

    def of(metric: str) -> Callable[[Any], Any]:
        def answer(args: Mapping[str, Any]) -> Any:
            name = args.get("scenario")
            chosen = {name: given[name]} if name is not None else given
            return _measures(scenario_loss(chosen))[metric](args)

        return answer

    return {
        **{metric: of(metric) for metric in _measures(scenario_loss(given))},
        "exceedance_max_event": lambda args: _each(lambda x: _any_above(given, x), args["x"]),
        "cvar_contribution": lambda args: scenario_contributions(given, _level(args)),
        "cvar_shapley": lambda args: scenario_shapley(given, _level(args)),
    }


def _level(args: Mapping[str, Any]) -> float:
    return float(np.ravel(args["p"])[0])


def _any_above(given: Mapping[str, Scenario], x: float) -> float:
    return 1.0 - math.prod(1.0 - one.prob for one in given.values() if one.loss > x)


def _table(case: Mapping[str, Any]) -> dict[str, Callable[[Any], Any]]:
    model = case["model"]

    def at_least_one(args: Mapping[str, Any]) -> list[float]:
        years = np.ravel(args.get("years", model.get("horizon_years", 1.0)))
        rate = counts.poisson(args.get("rate", model.get("rate")))
        return [1.0 - float(counts.generating(_times(rate, year), 0.0)) for year in years]

    def exceed_return_period(args: Mapping[str, Any]) -> list[float]:
        once = counts.bernoulli(1.0 / args["return_period"])
        chance = float(counts.generating(once, 0.0))
        return [1.0 - chance ** float(year) for year in np.ravel(args["years"])]

    return {
        "prob_at_least_one": at_least_one,
        "prob_exceed_return_period": exceed_return_period,
        "eal_rows": lambda _: _rows(model, lambda row, loss: row["rate"] * loss.mean),
        "mean_rows": lambda _: _rows(model, lambda _, loss: loss.mean),
        "mean_loss_rows": lambda _: _rows(model, lambda _, loss: loss.mean),
        "annual_variance_rows": lambda _: _rows(
            model, lambda row, loss: row["rate"] * loss.second_moment
        ),
        "exceedance_max_event_rows": lambda args: _rows(
            model, lambda row, loss: -math.expm1(-row["rate"] * float(loss.above(args["x"])))
        ),
    }


def _times(frequency: counts.Frequency, years: float) -> counts.Frequency:
    return counts.poisson(frequency.mean * float(years))


def _rows(model: Mapping[str, Any], of: Callable[[Any, Severity], float]) -> list[float]:
    return [of(row, _from_range(row["low"], row["high"])) for row in model["rows"]]


def _from_range(low: float, high: float) -> Severity:
    """Read low and high as 5 % and 95 % quantiles of a lognormal."""
    width = math.log(high / low)
    return lognormal(math.log(low) + 0.5 * width, 0.5 * width / P95)


def _campaign(case: Mapping[str, Any]) -> dict[str, Callable[[Any], Any]]:
    rate, routes = case["model"]["campaign_rate"], case["model"]["routes"]
    chances = {
        name: route["share"] * math.prod(p for _, p in route["steps"])
        for name, route in routes.items()
    }
    eal = {name: rate * chances[name] * route["loss"] for name, route in routes.items()}
    one = discrete_loss(
        [0.0, *(route["loss"] for route in routes.values())],
        [1.0 - sum(chances.values()), *chances.values()],
    )
    chance = float(exceedance(one, 0.0))

    def through(place: Callable[[Any], Iterable[str]]) -> dict[str, float]:
        total: dict[str, float] = {}
        for name, route in routes.items():
            for step in dict.fromkeys(place(route)):
                total[step] = total.get(step, 0.0) + eal[name]
        return total

    steps = through(lambda route: [step for step, _ in route["steps"]])
    return {
        "eal": lambda _: annual_mean(loss_mean(one), counts.poisson(rate)),
        "eal_by_route": lambda _: eal,
        "eal_by_asset": lambda _: through(lambda route: [route["steps"][0][0]]),
        "eal_by_step": lambda _: steps,
        "eal_drop_if_step_blocked": lambda _: steps,
        "prob_any_loss_in_year": lambda _: (
            1.0 - float(counts.generating(counts.poisson(rate), 1.0 - chance))
        ),
        "annual_variance": lambda _: annual_variance(
            loss_mean(one), loss_variance(one) + loss_mean(one) ** 2, counts.poisson(rate)
        ),
    }


def _fair(case: Mapping[str, Any]) -> dict[str, Callable[[Any], Any]]:
    events, loss = (
        _severity(case["model"][key]) for key in ("loss_event_frequency", "loss_magnitude")
    )
    none = _mean_of(events, lambda rate: math.exp(-rate))
    rate_variance = events.second_moment - events.mean**2
    variance = events.mean * loss.second_moment + rate_variance * loss.mean**2

    def largest(x: float) -> float:
        above = float(loss.above(x))
        return 1.0 - _mean_of(events, lambda rate: math.exp(-rate * above))

    return {
        "mean_loss_event_frequency": lambda _: events.mean,
        "mean_loss_magnitude": lambda _: loss.mean,
        "eal": lambda _: events.mean * loss.mean,
        "annual_variance": lambda _: variance,
        "prob_no_event_in_year": lambda _: none,
        "prob_zero": lambda _: none,
        "prob_any_event_in_year": lambda _: 1.0 - none,
        "exceedance_max_event": lambda args: _each(largest, args["x"]),
    }


def _severity(given: Mapping[str, Any]) -> Severity:
    parameters = {key: value for key, value in given.items() if key != "family"}
    return SEVERITIES[given["family"]](**parameters)


def _mean_of(loss: Severity, of: Callable[[float], float]) -> float:
    """Integrate over the quantiles, which works for every severity."""

    def at(score: float) -> float:
        density = math.exp(-0.5 * score**2) / math.sqrt(2.0 * math.pi)
        return of(float(loss.upper_quantile(special.ndtr(score)))) * density

    found, _ = integrate.quad(at, -9.0, 9.0, epsabs=1e-13, epsrel=1e-12, limit=400)
    return float(found)


def _year_table(case: Mapping[str, Any]) -> dict[str, Callable[[Any], Any]]:
    n_years, rows = _year_rows(case["model"])
    sums, largest = np.zeros(n_years), np.zeros(n_years)
    for year, loss in rows:
        sums[year] += loss
        largest[year] = max(largest[year], loss)
    equal = np.full(n_years, 1.0 / n_years)
    answers = _measures(discrete_loss(sums, equal))
    answers["exceedance_max_event"] = _measures(discrete_loss(largest, equal))["exceedance"]
    answers["sd"] = lambda _: float(np.std(sums, ddof=1))
    for name, losses in (("aep", sums), ("oep", largest)):
        answers[name] = _at_periods(period_loss, losses)
        for word in ("tvar", "tail_mean", "tce"):
            answers[f"{name}_{word}"] = _at_periods(period_tail_mean, losses)
        for metric in (name, f"{name}_tvar"):
            answers[f"{metric}_rows"] = answers[metric]
    return answers


def _at_periods(
    function: Callable[[Any, float], float], losses: np.ndarray
) -> Callable[[Any], Any]:
    def answer(args: Mapping[str, Any]) -> Any:
        given = args.get("return_period", args.get("return_periods"))
        return _each(lambda period: function(losses, period), given)

    return answer


def _year_rows(model: Mapping[str, Any]) -> tuple[int, list[tuple[int, float]]]:
    """Read the years: rows of (year from 1 on, loss), or one entry (losses) for each year."""
    key = next(key for key, value in model.items() if isinstance(value, list | Mapping))
    given = model[key]
    entries = list(given.values()) if isinstance(given, Mapping) else given
    stated = [value for value in model.values() if isinstance(value, int)]
    if stated and len(entries) and isinstance(entries[0], list | Mapping):
        pairs = [list(row.values()) if isinstance(row, Mapping) else row for row in entries]
        return stated[0], [(int(pair[0]) - 1, float(pair[-1])) for pair in pairs]
    years = [one if isinstance(one, list) else [one] for one in entries]
    return len(years), [(i, float(loss)) for i, year in enumerate(years) for loss in year]


_ANSWERS = {
    "loss": _loss,
    "loss_scenarios": _scenarios,
    "loss_table": _table,
    "loss_campaign": _campaign,
    "fair": _fair,
    "year_loss_table": _year_table,
}

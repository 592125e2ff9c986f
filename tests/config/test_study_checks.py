"""What fields alone cannot tell: each check refuses what it should and nothing else."""

from __future__ import annotations

import pytest

from config.studies import SOUND, faults
from otsim.config import PLANT_POINTS, read_study
from otsim.config.study_attack import ACTION_KINDS

ACTIONS = "attack.goals.overheat.actions"
POINTS = PLANT_POINTS["tennessee_eastman"]
TARGET_OF = {
    "measurement": "XMEAS9", "command": "XMV10", "setpoint": "SP18", "loop": "LOOP18",
    "trip": "SIS", "alarm": "ALARMS", "link": "LINK_REACTOR",
}  # fmt: skip
FITTING = {
    "bias": {"measurement", "command"}, "scale": {"measurement", "command"},
    "override": {"measurement", "command"}, "ramp": {"measurement", "command"},
    "hold": {"measurement", "command"}, "rate_limit": {"measurement", "command"},
    "replay": {"measurement"}, "setpoint": {"setpoint"}, "gain": {"loop"},
    "dos": {"measurement", "command", "link"}, "alarm_suppression": {"alarm"},
    "safety_bypass": {"trip"},
}  # fmt: skip
WITH_VALUE = {"bias", "scale", "override", "ramp", "rate_limit", "setpoint", "gain"}


def action(text: str) -> str:
    return f"{ACTIONS}=[{{{text}}}]"


def test_tables_of_this_test_are_complete():
    assert set(FITTING) == set(ACTION_KINDS)
    assert {signal.kind for signal in POINTS.signals} | {"link"} == set(TARGET_OF)


@pytest.mark.parametrize("point", TARGET_OF)
@pytest.mark.parametrize("kind", ACTION_KINDS)
def test_kind_of_action_fits_kind_of_point(kind, point):
    value = ", value: 1" if kind in WITH_VALUE else ""
    override = action(f"kind: {kind}, target: {TARGET_OF[point]}{value}")
    if point in FITTING[kind]:
        read_study(SOUND, [override])
    else:
        (line,) = faults(read_study, SOUND, [override])
        assert f"but {TARGET_OF[point]} is a {point}" in line


@pytest.mark.parametrize("kind", ACTION_KINDS)
def test_value_is_given_exactly_where_it_is_needed(kind):
    target = TARGET_OF[min(FITTING[kind])]
    wrong = "" if kind in WITH_VALUE else ", value: 1"
    (line,) = faults(read_study, SOUND, [action(f"kind: {kind}, target: {target}{wrong}")])
    assert ("needs a value" if kind in WITH_VALUE else "takes no value") in line


def test_every_point_may_be_named():
    kinds = {kind: name for name, fits in FITTING.items() for kind in fits}
    for signal in POINTS.signals:
        kind = kinds[signal.kind]
        value = ", value: 1" if kind in WITH_VALUE else ""
        read_study(SOUND, [action(f"kind: {kind}, target: {signal.name}{value}")])


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("kind: override, target: XMEAS7, value: 34000", None),
        ("kind: override, target: XMEAS7, value: 36000", "reaches 36000"),
        ("kind: override, target: XMEAS7, value: -1", "is negative (-1)"),
        ("kind: setpoint, target: SP18, value: {uniform: {low: -5, high: 9}}", "is negative (-5)"),
        ("kind: setpoint, target: SP18, value: {uniform: {low: 5, high: 9000}}", "reaches 9000"),
        ("kind: override, target: XMV10, value: {exponential: {mean: 20}}", None),
        ("kind: override, target: XMV10, value: {exponential: {mean: 2000}}", "reaches 2000"),
        ("kind: bias, target: XMEAS9, value: -30", None),
        ("kind: bias, target: XMEAS9, value: -3000", "reaches 3000"),
        ("kind: scale, target: XMEAS9, value: 0.5", None),
        ("kind: rate_limit, target: XMV10, value: -1", "may not be negative"),
        ("kind: hold, target: XMEAS9, views: [controller, controller]", "named twice"),
        ("kind: hold, target: XMEAS9, views: [safety]", None),
        ("kind: hold, target: XMEAS10, views: [safety]", "does not read XMEAS10"),
        ("kind: dos, target: LINK_REACTOR, views: [safety]", "does not read LINK_REACTOR"),
        ("kind: hold, target: XMV10, views: [controller]", "views are for measurements"),
        ("kind: replay, target: XMEAS9, record_min: 10", None),
        ("kind: hold, target: XMEAS9, record_min: 10", "record_min is for replay"),
        ("kind: hold, target: XMAES9", "did you mean XMEAS9?"),
    ],
)
def test_action(text, want):
    if want is None:
        read_study(SOUND, [action(text)])
    else:
        (line,) = faults(read_study, SOUND, [action(text)])
        assert want in line


def test_replay_records_half_an_hour_unless_told():
    for extra in ("", ", record_min: null"):
        study = read_study(SOUND, [action(f"kind: replay, target: XMEAS9{extra}")])
        assert study.attack.goals["overheat"].actions[0].record_min == 30.0


@pytest.mark.parametrize(
    ("overrides", "want"),
    [
        (["attack.goals.overheat.needs=[tpo]"], "did you mean top?"),
        (["attackers.profiles.crew.share=0.9"], "add up to 1.1, not to 1"),
        (["attackers.profiles.crew.motive={overheat: 1}"], None),
        (["attackers.profiles.crew.motive={cool: 1}"], "no goal is named 'cool'"),
        (["attackers.profiles.crew.motive={overheat: 0}"], "no goal has a weight above 0"),
        (["attackers.profiles.crew.motive={}"], "no goal has a weight above 0"),
        (["attackers.frequency.distribution=negative_binomial"], "needs dispersion"),
        (["attackers.frequency.dispersion=2"], "dispersion is for"),
        (["attackers.frequency.distribution=negative_binomial",
          "attackers.frequency.dispersion=2"], None),
        (["plant.model=tank"], "unknown plant 'tank' (known: tennessee_eastman, water_network)"),
        (["plant.disturbances.idv=[1, 20]"], None),
        (["plant.disturbances.idv=[0]"], "there is no disturbance 0"),
        (["plant.disturbances.idv=[3, 3]"], "named twice"),
        (["plant.rupture.reactor=3000"], "not above the trip limit"),
        (["plant.rupture.reactor=3001"], None),
        (["loss.restart_h={lognormal: {mu: 900, sigma: 1}}"], "has a mean beyond 1e30"),
        (["loss.restart_h={gamma: {mean: 1, cv: 1.0e-200}}"], "has a mean beyond 1e30"),
        (["loss.restart_h={weibull: {shape: 0.001, scale: 1}}"], "has a mean beyond 1e30"),
        (["loss.restart_h={sum: [1.0e+308, 1.0e+308]}"], "has a mean beyond 1e30"),
        (["plant.horizon_h=8761"], "must be at most 8760"),
        (["simulation.seed=9223372036854775808"], "too large"),
        (["report.return_periods=[1]"], "must be above 1"),
        (["report.return_periods=[]"], "needs at least 1"),
    ],
)  # fmt: skip
def test_names_shares_and_limits(overrides, want):
    if want is None:
        read_study(SOUND, overrides)
    else:
        found = faults(read_study, SOUND, overrides)
        assert any(want in line for line in found), found


def test_a_goal_cannot_need_a_countermeasure():
    nodes = (
        "attack.tree.nodes={top: {gate: COUNTER, children: [way_in, watch]}, "
        "way_in: {entry: true}, watch: {probability: 0.5}}"
    )
    read_study(SOUND, [nodes])
    (line,) = faults(read_study, SOUND, [nodes, "attack.goals.overheat.needs=[watch]"])
    assert "'watch' is a countermeasure" in line


# ---- fragilities: at most 1e-6 at normal operation, at most 1e-3 at the trip limit


def fragility(signal: str, median: float, sigma: float, extreme: str = "peak") -> str:
    return (
        f"loss.fragility.leak={{signal: {signal}, extreme: {extreme}, median: {median}, "
        f"sigma: {sigma}, repair_cost: 1}}"
    )


@pytest.mark.parametrize(
    ("text", "want"),
    [
        # 3000 * exp(3.0902 * 0.02) = 3191.2 has a probability of 1e-3 at the trip limit
        (fragility("XMEAS7", 3190.8, 0.02), "at the trip limit"),
        (fragility("XMEAS7", 3191.6, 0.02), None),
        # 2705 * exp(4.7534 * 0.1) = 4351.1 has a probability of 1e-6 at normal operation
        (fragility("XMEAS7", 4350.6, 0.1), "at normal operation"),
        (fragility("XMEAS7", 4351.6, 0.1), None),
        (fragility("XMEAS9", 175.0 * 1.37, 0.1), None),
        (fragility("XMEAS9", 130.0, 0.1), "at normal operation"),
        (fragility("XMEAS10", 5.0, 0.1), "the peak of XMEAS10 is not recorded"),
        (fragility("XMEAS7", 1000.0, 0.1, "low"), "the low of XMEAS7 is not recorded"),
        (fragility("XMEAS", 5.0, 0.1), "unknown signal 'XMEAS'"),
        (fragility("XMEAS8", 20.0, 0.1, "low"), "at the trip limit"),
    ],
)
def test_fragility(text, want):
    if want is None:
        read_study(SOUND, [text])
        return
    found = faults(read_study, SOUND, [text])
    assert any(want in line for line in found), found
    if "at " in want:
        read_study(SOUND, [text, "loss.acknowledge_fragile_at_normal=true"])


def test_fragility_is_measured_against_the_stated_probabilities():
    study = read_study(SOUND, [fragility("XMEAS7", 4351.6, 0.1)])
    assert study.loss.fragility["leak"].damage_probability(4351.6) == 0.5
    assert study.loss.fragility["leak"].damage_probability(2705.0) == pytest.approx(1e-6, rel=0.01)


# ---- uncertain inputs


def uncertain(key: str, low: float, high: float) -> str:
    return f"uncertainty=[{{key: '{key}', low: {low}, high: {high}}}]"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (uncertain("attackers.frequency.per_year", 0.01, 0.1), None),
        (uncertain("attackers.profiles.crew.share", 0.5, 0.9), None),
        (uncertain("loss.restart_h.lognormal.p95", 50, 90), None),
        (uncertain("loss.plant_value", 1e8, 2e8), None),
        (uncertain("attackers.frequency.dispersion", 1, 2), "has no attackers.frequency.disp"),
        (uncertain("attackers.frequency.count", 1, 2), "cannot be uncertain"),
        (uncertain("attackers.profiles.crew.time_factor", 1, 2), "cannot be uncertain"),
        (uncertain("plant.horizon_h", 10, 99), "cannot be uncertain"),
        (uncertain("loss.price_year", 2000, 2100), "cannot be uncertain"),
        (uncertain("loss.currency", 1, 2), "is not a number"),
        (uncertain("loss.restart_h", 1, 2), "is not a number"),
        (uncertain("loss..x", 1, 2), "is not a key path"),
        (uncertain("attackers.profiles.crw.share", 0.5, 0.9), "did you mean crew?"),
        (uncertain("loss.plant_value", 1e8, 1.5e8), "outside low"),
        (uncertain("loss.plant_value", 3e8, 1e8), "must be below high"),
        (uncertain("attackers.profiles.crew.share", 0.5, 1.9), "makes the study unsound"),
        (uncertain("loss.restart_h.lognormal.p95", 10, 90), "makes the study unsound"),
        ("uncertainty=[{key: loss.plant_value, low: 1, high: 1e9}, "
         "{key: loss.plant_value, low: 2, high: 1e9}]", "named twice"),
    ],
)  # fmt: skip
def test_uncertain_input(text, want):
    if want is None:
        read_study(SOUND, [text])
    else:
        (line,) = faults(read_study, SOUND, [text])
        assert want in line


@pytest.mark.parametrize(
    ("settings", "want"),
    [
        (["twins=5000"], "simulation.twins: 5000 twins make no whole nets of Sobol points; with 16 "
         "replicates use a power of two from 128 on, such as 4096 or 8192, or draws: independent"),
        (["twins=64"], "from 128 on, such as 128, or draws"),
        (["twins=120"], "from 128 on, such as 128, or draws"),
        (["replicates=12"], "simulation.replicates: 12 is no power of two; use 8, 16 or 32"),
    ],
)  # fmt: skip
def test_nets_are_whole(settings, want):
    given = [f"simulation.{setting}" for setting in settings]
    (line,) = faults(read_study, SOUND, ["simulation.draws=sobol", *given])
    assert want in line
    read_study(SOUND, given)
    for twins in (128, 1 << 20):
        read_study(SOUND, ["simulation.draws=sobol", f"simulation.twins={twins}"])

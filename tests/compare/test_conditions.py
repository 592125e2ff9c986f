"""What `--until` and `--fail-on` take, and what they refuse, in one line each."""

from __future__ import annotations

import pytest

from otsim.errors import ConfigError
from otsim.risk.conditions import fail_rule, stop_rule
from otsim.risk.named_measures import measure_of


def test_a_goal_of_a_run() -> None:
    rule = stop_rule(" rel_se(cvar99) = 5% or se(eal)=1e4", paired=False)
    relative, absolute = rule.goals
    assert (relative.kind, relative.measure.name) == ("rel_se", "cvar99")
    assert (relative.bound.number, relative.bound.relative) == (0.05, True)
    assert (absolute.bound.number, absolute.bound.relative) == (1e4, False)
    assert stop_rule("rel_se(eal)=0.05", paired=False).goals[0].bound == relative.bound


def test_a_goal_of_a_comparison() -> None:
    sign, width = stop_rule("sign(eal) or width(p_damaged)=0.001", paired=True).goals
    assert (sign.kind, sign.bound) == ("sign", None)
    assert (width.measure.flag, width.bound.number) == ("damaged", 0.001)


WRONG_GOALS = [
    ("eal", False, "not a goal"),
    ("rel_se(eal)", False, "needs a number"),
    ("rel_se(eal)=0", False, "never reached"),
    ("rel_se(eal)=-5%", False, "never reached"),
    ("rel_se(eel)=5%", False, "measure 'eel'"),
    ("rel_se(cvar100)=5%", False, "between 0 and 100 per cent"),
    ("se(eal)=5%", False, "rel_se"),
    ("sign(eal)", False, "sign is for comparisons"),
    ("rel_se(eal)=5%", True, "rel_se is for runs alone"),
    ("sign(eal)=5%", True, "takes no number"),
    ("width(eal)", True, "needs a number"),
    ("sign(eal) and width(eal)=1%", True, "not a goal"),
    ("", True, "not a goal"),
]


@pytest.mark.parametrize(("text", "paired", "words"), WRONG_GOALS)
def test_a_wrong_goal_says_what_to_write(text: str, paired: bool, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        stop_rule(text, paired=paired)
    assert words in str(caught.value)
    assert "--until" in str(caught.value)
    assert "\n" not in str(caught.value)


GATES = [
    ("eal > +5%", "estimate", 1.06, True),
    ("eal > +5%", "estimate", 1.04, False),
    ("eal>5%", "estimate", 1.06, True),
    ("low(cvar99.5) >= 0", "low", 1.0, True),
    ("high(eal) < -0.1", "high", 0.8, True),
    ("p_damaged <= 0", "estimate", 1.1, False),
]


@pytest.mark.parametrize(("text", "end", "second", "failed"), GATES)
def test_a_gate(text: str, end: str, second: float, failed: bool) -> None:
    rule = fail_rule(text)
    assert rule.end == end
    assert rule.fails(second - 1.0, 1.0) is failed


def test_a_share_of_nothing_is_nothing() -> None:
    assert fail_rule("eal > 5%").fails(1.0, 0.0) is True
    assert fail_rule("eal > 5%").fails(0.0, 0.0) is False


@pytest.mark.parametrize(
    "text", ["eal", "eal 5%", "eal > five", "mid(eal) > 0", "eal > 5 %%", "p_damage > 0", ""]
)
def test_a_wrong_gate_says_what_to_write(text: str) -> None:
    with pytest.raises(ConfigError, match="--fail-on") as caught:
        fail_rule(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "kind", "level"),
    [("var99", "var", 0.99), ("CVaR99.5", "cvar", 0.995), ("pml250", "var", 0.996),
     ("oep100", "oep", 0.99)],
)  # fmt: skip
def test_measures_by_name(name: str, kind: str, level: float) -> None:
    measure = measure_of(name)
    assert (measure.kind, measure.level) == (kind, pytest.approx(level, rel=1e-12))


@pytest.mark.parametrize("name", ["pml1", "pml0.5", "var0", "oep1e9", "cvar", "p_"])
def test_measures_that_there_are_not(name: str) -> None:
    with pytest.raises(ConfigError, match="measure"):
        measure_of(name)

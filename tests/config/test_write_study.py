"""A study written as YAML reads back to the same study; equal studies have equal JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.studies import SHIPPED, SOUND, STARTER
from otsim.config import Study, dump_study, read_study, study_json
from otsim.config.key_paths import key_path, key_steps
from otsim.config.write_study import study_data
from otsim.config.yaml_lines import parse_yaml, plain

# what a file may hold: no control characters, no surrogates
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40
)
NODE_NAME = TEXT.filter(lambda text: text.isprintable() and text.strip())
MONEY = st.floats(0, 1e15, allow_subnormal=False)
ABOVE_ZERO = st.floats(1e-12, 1e12)


def reread(text: str, folder) -> Study:
    file = folder / "dumped.yaml"
    file.write_text(text, "utf-8")
    return read_study(file)


@pytest.mark.parametrize("path", [SOUND, STARTER, *SHIPPED], ids=lambda path: path.stem)
def test_round_trip(path, tmp_path):
    study = read_study(path)
    again = reread(dump_study(study), tmp_path)
    assert again == study
    assert study_json(again) == study_json(study)
    assert dump_study(again) == dump_study(study)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=TEXT,
    description=TEXT
    | st.sampled_from(["no", "1e3", "0o17", "0777", "2026-01-01", "<<", "~", ".nan"]),
    sources=st.dictionaries(NODE_NAME, TEXT, max_size=4),
    names=st.lists(NODE_NAME, min_size=1, max_size=5, unique=True),
    cost=MONEY,
    median=ABOVE_ZERO,
)
def test_round_trip_of_hostile_text_and_numbers(
    tmp_path, title, description, sources, names, cost, median
):
    data = study_data(read_study(SOUND))
    data |= {"title": title, "description": description, "sources": sources}
    data["loss"] |= {"margin_per_hour": cost}
    data["loss"]["restart_h"] = {"lognormal": {"median": median, "p95": median * 2}}
    nodes = {name: {"entry": True, "title": title} for name in names}
    data["attack"]["tree"] = {"nodes": nodes}
    data["attack"]["goals"]["overheat"]["needs"] = names[:1]
    study = Study.model_validate(data)
    assert reread(dump_study(study), tmp_path) == study


@given(value=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**62), 2**62))
def test_numbers_survive_exactly(value):
    import yaml

    text = yaml.safe_dump({"x": value})
    assert plain(parse_yaml(text.encode(), "f"))["x"] == value


def test_json_holds_the_defaults_and_follows_the_order_of_the_file():
    data = json.loads(study_json(read_study(STARTER)))
    assert data["plant"]["integration"] == "converged"
    assert data["simulation"]["batch"] == 64
    assert list(data["attack"]["goals"]) == ["overheat_reactor", "starve_feed"]


def test_json_changes_with_any_value():
    base = study_json(read_study(SOUND))
    for override in ("loss.margin_per_hour=20001", "attack.tree.nodes.act.time_h=6", "title=x"):
        assert study_json(read_study(SOUND, [override])) != base


NAMES = st.text(min_size=1, max_size=8).filter(lambda text: '"' not in text and text.isprintable())


@given(st.tuples(NAMES), st.lists(NAMES | st.integers(0, 99), max_size=5))
def test_key_path_is_the_opposite_of_key_steps(first, rest):
    steps = (*first, *rest)
    assert key_steps(key_path(steps)) == steps

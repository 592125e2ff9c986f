"""The JSON Schema that ships is current, explains every key, and accepts the shipped studies."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest

from config.studies import SHIPPED, SOUND, STARTER
from otsim.config import study_schema
from otsim.config.yaml_lines import plain, read_yaml

SHIPPED_SCHEMA = files("otsim.config").joinpath("study.schema.json")
VALIDATOR = jsonschema.Draft202012Validator(study_schema())


def test_shipped_schema_is_current():
    shipped = json.loads(SHIPPED_SCHEMA.read_text("utf-8"))
    assert shipped == study_schema(), (
        "run: python -m otsim schema study > otsim/config/study.schema.json"
    )


def test_schema_is_a_schema_with_a_name():
    jsonschema.Draft202012Validator.check_schema(study_schema())
    assert study_schema()["$id"].startswith("urn:otsim:")
    assert study_schema()["title"]


def test_every_key_is_explained():
    silent = [
        f"{name}.{key}"
        for name, part in study_schema()["$defs"].items()
        for key, about in part.get("properties", {}).items()
        if not about.get("description") and "$ref" not in about and len(part["properties"]) > 1
    ]
    assert silent == []


@pytest.mark.parametrize("path", [SOUND, STARTER, *SHIPPED], ids=lambda path: path.stem)
def test_accepts_sound_files(path):
    VALIDATOR.validate(plain(read_yaml(path)))


def test_a_file_that_extends_may_leave_out_keys():
    VALIDATOR.validate({"extends": "base.yaml", "loss": {"margin_per_hour": 3}})
    assert not VALIDATOR.is_valid({"loss": {"margin_per_hour": 3}})


@pytest.mark.parametrize(
    "change",
    [
        {"horizn": 3},
        {"plant": {"model": "x", "horizon_h": 0}},
        {"extends": 3},
        {"version": 2},
        {"loss": {"margin_per_hour": "much"}},
    ],
)
def test_refuses(change):
    assert not VALIDATOR.is_valid(plain(read_yaml(SOUND)) | change)
    assert not VALIDATOR.is_valid({"extends": "base.yaml"} | change)

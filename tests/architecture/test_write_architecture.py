"""An architecture written as YAML reads back to the same one, whatever its texts hold."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from architecture.plants import SHIPPED, SOUND
from otsim.config.architecture.architecture import Architecture
from otsim.config.architecture.architecture_schema import architecture_schema
from otsim.config.architecture.read_architecture import read_architecture
from otsim.config.architecture.write_architecture import (
    architecture_data,
    architecture_json,
    dump_architecture,
)

# what a file may hold: no control characters, no surrogates
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40
)
HOSTILE = st.sampled_from(["no", "1e3", "0o17", "0777", "2026-01-01", "<<", "~", ".nan", "null"])
SHARE = st.floats(0, 1)


def reread(text: str, folder) -> Architecture:
    file = folder / "dumped.yaml"
    file.write_text(text, "utf-8")
    return read_architecture(file)


@pytest.mark.parametrize("path", [SOUND, *SHIPPED], ids=lambda path: path.stem)
def test_round_trip(path, tmp_path):
    plant = read_architecture(path)
    again = reread(dump_architecture(plant), tmp_path)
    assert again == plant
    assert architecture_json(again) == architecture_json(plant)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=TEXT | HOSTILE,
    share=SHARE,
    points=st.lists(TEXT | HOSTILE, max_size=4, unique=True),
    sources=st.dictionaries(TEXT.filter(bool), TEXT, max_size=3),
)
def test_round_trip_of_hostile_texts_and_numbers(tmp_path, text, share, points, sources):
    data = architecture_data(read_architecture(SOUND))
    data |= {"title": text, "description": text, "sources": sources}
    data["assets"]["pc"] |= {"title": text, "product": text, "firmware": text}
    data["assets"]["pc"]["points"] = {"read": points}
    data["people"]["staff"]["phishing_rate"] = share
    data["controls"]["firewall"]["effectiveness"] = share
    plant = Architecture.model_validate(data)
    assert reread(dump_architecture(plant), tmp_path) == plant


def test_json_holds_the_defaults():
    data = json.loads(architecture_json(read_architecture(SOUND)))
    assert data["services"]["portal"]["needed"] is True
    assert "open_to" not in architecture_data(read_architecture(SOUND))["services"].get("x", {})


def test_every_key_is_explained():
    silent = [
        f"{name}.{key}"
        for name, part in architecture_schema()["$defs"].items()
        for key, about in part.get("properties", {}).items()
        if not about.get("description") and "$ref" not in about and len(part["properties"]) > 1
    ]
    assert silent == []
    assert all(about["description"] for about in architecture_schema()["properties"].values())


def test_reading_needs_neither_jax_nor_pandas():
    code = (
        "import sys\n"
        "from otsim.config.architecture.read_architecture import read_architecture\n"
        "import otsim.architecture.generate, otsim.architecture.imports.adtool\n"
        "import otsim.architecture.imports.threagile, otsim.architecture.exports.attack_flow\n"
        f"read_architecture({str(SOUND)!r})\n"
        "print(sorted({'jax', 'pandas', 'numpy', 'scipy'} & set(sys.modules)))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

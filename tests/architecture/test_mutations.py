"""Files damaged at random are either sound or refused in one line each; never a traceback."""

from __future__ import annotations

import json
import random
import shutil

import pytest

from architecture.other_tools import EPSS, KEV, MODEL, OBJECTS, STOP_LINE, bundle
from architecture.plants import SHIPPED, SOUND, TE_POINTS
from config.test_mutations import TOKENS, damaged
from otsim.architecture.imports.adtool import read_adtool
from otsim.architecture.imports.attack_stix import read_attack_stix
from otsim.architecture.imports.exploit_feeds import read_epss, read_kev
from otsim.architecture.imports.threagile import read_threagile
from otsim.config.architecture.read_architecture import read_architecture
from otsim.config.architecture.write_architecture import dump_architecture
from otsim.errors import ConfigError

STIX = json.dumps(bundle(*OBJECTS), indent=1)
FORMATS = {
    "epss": (read_epss, EPSS),
    "kev": (read_kev, KEV),
    "stix": (read_attack_stix, STIX),
    "threagile": (read_threagile, MODEL),
    "adtool": (read_adtool, STOP_LINE),
}


def count_sound(read, texts, file, count: int, seed: int) -> int:
    rng = random.Random(seed)
    sound = 0
    for _ in range(count):
        text, other = rng.choice(texts), rng.choice(texts)
        file.write_bytes(damaged(rng, text, other))
        problems = problems_of(read, file)
        sound += not problems
        assert all(line.isprintable() for line in problems), file.read_bytes()
    return sound


def problems_of(read, file) -> tuple[str, ...]:
    try:
        read(file)
    except ConfigError as error:
        return error.problems or ("an error without a fault",)
    return ()


def read_and_write(file) -> str:
    return dump_architecture(read_architecture(file, points=TE_POINTS))


def test_mutants_of_an_architecture(tmp_path):
    shutil.copy(SOUND, tmp_path)
    over = b"extends: sound.yaml\nservices: {modbus: null, desktop: {port: 3}}\nzones: {x: {}}\n"
    texts = [SOUND.read_bytes(), over]
    sound = count_sound(read_and_write, texts, tmp_path / "plant.yaml", 2_000, seed=20261125)
    assert 10 < sound < 1_990  # the damage is neither harmless nor always deadly


def test_mutants_of_a_shipped_architecture(tmp_path):
    shutil.copy(SHIPPED[0], tmp_path / "te_plant.yaml")
    texts = [path.read_bytes() for path in SHIPPED]
    assert 0 < count_sound(read_and_write, texts, tmp_path / "plant.yaml", 60, seed=3) < 60


@pytest.mark.parametrize("name", FORMATS)
def test_mutants_of_other_tools_files(name, tmp_path):
    read, text = FORMATS[name]
    raw = text.encode()
    sound = count_sound(read, [raw, raw], tmp_path / "file", 1_000, seed=5)
    assert 0 < sound < 1_000


@pytest.mark.parametrize("name", FORMATS)
def test_tokens_alone(name, tmp_path):
    file = tmp_path / "file"
    for token in (*TOKENS, b"<a/>", b"<?xml?>", b"{}", b'{"type": "bundle", "objects": {}}'):
        file.write_bytes(token)
        with pytest.raises(ConfigError):
            FORMATS[name][0](file)


@pytest.mark.slow
def test_many_mutants(tmp_path):
    shutil.copy(SOUND, tmp_path)
    for number, (read, text) in enumerate([(read_and_write, SOUND.read_text()), *FORMATS.values()]):
        raw = text.encode()
        assert count_sound(read, [raw, raw], tmp_path / "file", 20_000, seed=number) > 0

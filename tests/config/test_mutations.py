"""Values and action files damaged at random: sound, or refused in one line each.

Whole study files: promises/test_r11_bad_studies.py.
"""

from __future__ import annotations

import random

import pytest

from config.studies import STARTER
from otsim.config import dump_study, read_actions, read_study
from otsim.config.key_paths import key_path
from otsim.config.write_study import study_data
from otsim.errors import ConfigError

TOKENS = (
    b"null", b"-1", b"1e999", b".nan", b"true", b"no", b"[]", b"{}", b"[[", b"}}", b": ", b"- ",
    b"\t", b"\n", b"\x00", b"\xff", b"&a ", b"*a", b"!!int ", b"<<: ", b"'", b'"', b"#", b"|",
    b"XMEAS9", b"LOOP1", b"lognormal", b"tree", b"extends", b"0x10", b"99999999999999999999",
    b"1e308", b"4e-320", b"900", b"{lognormal: {mu: 900, sigma: 1}}",
    b"{gamma: {mean: 1, cv: 1e-200}}", b"{weibull: {shape: 1e-5, scale: 1}}",
    b"{sum: [1e308, 1e308]}",
    b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"---\n", b"? ", b"\r", b"% ", b"@",
)  # fmt: skip


def damaged(rng: random.Random, text: bytes, other: bytes) -> bytes:
    """Change one to four places: bytes, tokens, lines, pieces of another study."""
    for _ in range(rng.randint(1, 4)):
        at, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        end = min(end, at + rng.choice((0, 1, 3, 12, 80)))
        line = text.find(b"\n", at) + 1
        piece = rng.choice(
            (b"", bytes([rng.randrange(256)]), rng.choice(TOKENS), rng.choice(other.split(b"\n")))
        )
        kind = rng.randrange(5)
        if kind == 0:  # swap two lines
            lines = text.split(b"\n")
            i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
            text = b"\n".join(lines)
        elif kind == 1 and line:
            text = text[:line] + piece + b"\n" + text[line:]
        elif kind == 2:  # the value of a key
            colon = text.find(b": ", at) + 2
            stop = text.find(b"\n", colon)
            text = text[:colon] + rng.choice(TOKENS) + text[stop:]
        else:
            text = text[:at] + piece + text[end:]
    return text


def paths_below(data, walked=()):
    """Every path to a value, mappings and lists among them."""
    yield walked
    for step, below in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(below, dict | list):
            yield from paths_below(below, (*walked, step))
        else:
            yield (*walked, step)


def test_any_value_at_any_key():
    data = study_data(read_study(STARTER))
    paths = [key_path(path) for path in paths_below(data) if path]
    values = [token.decode("utf-8", "replace").strip() for token in TOKENS]
    rng = random.Random(3)
    refused = 0
    for _ in range(1_500):
        override = f"{rng.choice(paths)}={rng.choice(values)}"
        try:
            dump_study(read_study(STARTER, [override]))
        except ConfigError as error:
            refused += 1
            bad = [line for line in error.problems if not line.isprintable()]
            if bad:
                pytest.fail(f"{override}: {bad}")
    assert 500 < refused < 1_500


ACTIONS = b"""\
- {kind: override, target: XMEAS9, view: operator, value: 118, start_h: 8, end_h: 9}
- {kind: replay, target: XMEAS9, views: [controller], start_h: 1, record_min: 5}
- {kind: disturbance, target: IDV4, start_h: 0, end_h: null}
- {kind: sensor_freeze, target: XMEAS7, value: 0, start_h: 8}
"""


def test_mutants_of_an_action_file(tmp_path):
    rng = random.Random(4)
    file = tmp_path / "actions.yaml"
    refused = 0
    for _ in range(1_500):
        file.write_bytes(damaged(rng, ACTIONS, ACTIONS))
        try:
            read_actions(file, "tennessee_eastman")
        except ConfigError:
            refused += 1
    assert 500 < refused < 1_500

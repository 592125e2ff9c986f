"""An EPANET file to the lines of its sections."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from otsim.config.epanet.faults import Faults, shown
from otsim.config.yaml_lines import one_line
from otsim.errors import ConfigError

__all__ = ["Line", "Token", "file_name", "read_text", "section_lines", "tokens_of"]

MAX_BYTES = 50_000_000
_LINE_END = re.compile(r"\r\n|\n|\r")
_TOKEN = re.compile(r'"([^"]*)"?|([^ \t]+)')
# EPANET looks at the first letters of a heading alone: as many as its table of headings has
_SECTIONS = {
    "TITL": "TITLE",
    "JUNC": "JUNCTIONS",
    "RESE": "RESERVOIRS",
    "TANK": "TANKS",
    "PIPE": "PIPES",
    "PUMP": "PUMPS",
    "VALV": "VALVES",
    "CONT": "CONTROLS",
    "RULE": "RULES",
    "DEMA": "DEMANDS",
    "SOUR": "SOURCES",
    "EMIT": "EMITTERS",
    "LEAK": "LEAKAGE",
    "PATT": "PATTERNS",
    "CURV": "CURVES",
    "QUAL": "QUALITY",
    "STAT": "STATUS",
    "ROUG": "ROUGHNESS",
    "ENER": "ENERGY",
    "REAC": "REACTIONS",
    "MIXI": "MIXING",
    "REPO": "REPORT",
    "TIME": "TIMES",
    "OPTI": "OPTIONS",
    "COOR": "COORDINATES",
    "VERT": "VERTICES",
    "LABE": "LABELS",
    "BACK": "BACKDROP",
    "TAGS": "TAGS",
    "END": "END",
}
_SKIPPED = frozenset({"ROUGHNESS", "REPORT", "VERTICES", "LABELS", "BACKDROP", "TAGS"})


@dataclass(frozen=True, slots=True)
class Token:
    """A field of a line and the column, from 1, at which it starts."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line that says something.

    Attributes:
        number: from 1.
        section: in which it stands.
        text: as in the file, its comment included.
    """

    number: int
    section: str
    text: str


def file_name(path: str | Path) -> str:
    """Name of the file in messages."""
    return one_line(os.fspath(path))


def read_text(path: str | Path) -> str:
    """Read the whole file as text: UTF-8, or else the code page of Western Windows.

    Raises:
        ConfigError: it cannot be read, is too large, or is no text.
    """
    file = file_name(path)
    try:
        with open(path, "rb") as opened:
            too_large = os.fstat(opened.fileno()).st_size > MAX_BYTES
            raw = b"" if too_large else opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{file}: cannot be read ({reason}); check the path") from None
    if too_large or len(raw) > MAX_BYTES:
        raise ConfigError(f"{file}: larger than {MAX_BYTES // 1_000_000} MB; remove what is unused")
    return _decoded(raw, file)


def section_lines(text: str, faults: Faults) -> list[Line]:
    """Return the lines of all sections in order, without those that are empty or a comment."""
    found: list[Line] = []
    section = ""  # what stands before the first heading is no part of the network
    n_headings = 0
    for number, line in enumerate(_LINE_END.split(text), start=1):
        stripped = line.strip(" \t")
        if stripped.startswith("["):
            n_headings += 1
            section = _section(stripped, Line(number, "", line), faults)
            if section == "END":
                break
        elif stripped and stripped[0] != ";" and section and section not in _SKIPPED:
            found.append(Line(number, section, line))
    if not n_headings and not text.strip():
        faults.add(1, 1, "JUNCTIONS", "empty file; give the network's EPANET file")
    elif not n_headings:
        faults.add(1, 1, "JUNCTIONS", "no section heading; is this an EPANET file (.inp)?")
    return found


def tokens_of(line: Line) -> Iterator[Token]:
    """Split a line at blanks and tabs; text in quotes is one field."""
    said = line.text.partition(";")[0]
    for match in _TOKEN.finditer(said):
        quoted, bare = match.groups()
        yield Token(bare if quoted is None else quoted, match.start() + 1)


def _section(heading: str, line: Line, faults: Faults) -> str:
    """Which section a heading opens; "" for one whose lines are to be passed over."""
    name = heading[1:].partition("]")[0].upper()
    for start, section in _SECTIONS.items():
        if name.startswith(start):
            return section
    column = line.text.index("[") + 1
    hint = faults.hint(name, _SECTIONS.values())
    faults.add(line.number, column, shown(name), f"no such section; {hint}")
    return ""


def _decoded(raw: bytes, file: str) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError(f"{file}:1:1: UTF-16 text; save the file as UTF-8")
    raw = raw.rstrip(b"\x1a")  # the end of a file in the days of DOS
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    if "\0" in text:
        lines = _LINE_END.split(text[: text.index("\0")])
        place = f"{file}:{len(lines)}:{len(lines[-1]) + 1}"
        raise ConfigError(f"{place}: not a text file; is this an EPANET file (.inp)?")
    return text

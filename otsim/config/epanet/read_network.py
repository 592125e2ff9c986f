"""An EPANET file -> one checked water network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from otsim.config.epanet.controls import read_controls
from otsim.config.epanet.energy import read_energy
from otsim.config.epanet.faults import Faults, shown
from otsim.config.epanet.fields import Fields
from otsim.config.epanet.inp_lines import Line, file_name, read_text, section_lines
from otsim.config.epanet.links import Links
from otsim.config.epanet.network import Junction, Node, WaterNetwork
from otsim.config.epanet.network_checks import check_network
from otsim.config.epanet.nodes import Nodes
from otsim.config.epanet.options import ReadOptions, read_options
from otsim.config.epanet.rules import read_rules
from otsim.config.epanet.tables import read_curves, read_patterns
from otsim.config.epanet.times import read_times
from otsim.errors import ConfigError

__all__ = ["MAX_TEXT_BYTES", "network_text", "parse_network", "read_network"]

MAX_TEXT_BYTES = 8_000_000  # of a network within a study

_QUALITY = ("QUALITY", "SOURCES", "REACTIONS", "MIXING")
_LONGEST_TITLE = 200


def read_network(path: str | Path) -> WaterNetwork:
    """Read an EPANET file (.inp), of version 2.0, 2.2 or 2.3.

    Sections may stand in any order. What hydraulics does not need is passed over, or told in
    `ignored` if a user may think that it counts.

    Args:
        path: the file.

    Raises:
        ConfigError: every fault, a line `file:line:col: [SECTION] what; what to do` each.
    """
    return parse_network(read_text(path), file_name(path))


def network_text(path: str | Path) -> str:
    """Return the text of a sound EPANET file as a study holds it: no tabs, no blanks at line ends.

    Raises:
        ConfigError: as `read_network`, or it is too large for a study.
    """
    text, name = read_text(path), file_name(path)
    parse_network(text, name)
    lines = (line.rstrip() for line in text.expandtabs(1).splitlines())
    text = "\n".join(lines) + "\n"
    if len(text.encode()) > MAX_TEXT_BYTES:
        most = MAX_TEXT_BYTES // 1_000_000
        raise ConfigError(f"{name}: more than {most} MB; remove [VERTICES] and what is unused")
    return text


@lru_cache(maxsize=8)
def parse_network(text: str, name: str) -> WaterNetwork:
    """Read the text of an EPANET file.

    Args:
        text: of the file.
        name: of the file, in messages.

    Raises:
        ConfigError: as `read_network`.
    """
    faults = Faults(name)
    lines = _Sections(section_lines(text, faults))
    patterns = read_patterns(lines.of("PATTERNS"), faults)
    curves = read_curves(lines.of("CURVES"), faults)
    junctions = {Fields(line, faults).text(0) for line in lines.of("JUNCTIONS")}
    options = read_options(lines.of("OPTIONS", "DEMANDS"), junctions, faults)
    energy = read_energy(lines.of("ENERGY"), faults)
    times = read_times(lines.of("TIMES"), faults)

    default = options.default_pattern if options.default_pattern in patterns else None
    nodes = Nodes(faults, patterns, curves, default)
    nodes.read_junctions(lines.of("JUNCTIONS"))
    nodes.read_reservoirs_and_tanks(lines.of("RESERVOIRS", "TANKS"))
    nodes.read_demands(lines.of("DEMANDS"))
    nodes.read_emitters(lines.of("EMITTERS"))
    nodes.read_places(lines.of("COORDINATES"))

    links = Links(faults, nodes.found, patterns, curves)
    links.read_links(lines.of("PIPES", "PUMPS", "VALVES"))
    links.read_statuses(lines.of("STATUS"))
    controls = read_controls(lines.of("CONTROLS"), nodes.found, links.found, faults)
    rules = read_rules(lines.of("RULES"), nodes.found, links.found, faults)
    check_network(nodes, links, curves, faults)
    faults.raise_any()
    return WaterNetwork(
        title=_title(lines.of("TITLE")),
        nodes=_junctions_first(nodes.found),
        links=links.found,
        patterns=patterns,
        curves=curves,
        controls=controls,
        rules=rules,
        options=options.options,
        times=times,
        energy_price=energy.price,
        pump_efficiency=energy.efficiency,
        ignored=(*_not_simulated(lines, options), *energy.ignored, *nodes.ignored),
    )


class _Sections:
    """The lines of a file, by section."""

    def __init__(self, lines: list[Line]) -> None:
        self._by_section: dict[str, list[Line]] = {}
        for line in lines:
            self._by_section.setdefault(line.section, []).append(line)

    def of(self, *sections: str) -> list[Line]:
        """Lines of some sections, in the order of the file."""
        found = [line for section in sections for line in self._by_section.get(section, ())]
        return sorted(found, key=lambda line: line.number)


def _title(lines: list[Line]) -> str:
    words = lines[0].text.split() if lines else []
    return "".join(char for char in " ".join(words) if char.isprintable())[:_LONGEST_TITLE]


def _junctions_first(nodes: Mapping[str, Node]) -> dict[str, Node]:
    """In EPANET's order, in which reservoirs and tanks follow the junctions."""
    return dict(sorted(nodes.items(), key=lambda item: not isinstance(item[1], Junction)))


def _not_simulated(lines: _Sections, options: ReadOptions) -> list[str]:
    told = []
    parts = [f"[{section}]" for section in _QUALITY if lines.of(section)]
    if options.quality:
        parts.append(f"option QUALITY {shown(options.quality)}")
    if parts:
        told.append(f"Water quality is not simulated: {', '.join(parts)}.")
    if lines.of("LEAKAGE"):
        told.append("Leakage of pipes is not simulated: [LEAKAGE].")
    return [*told, *options.ignored]

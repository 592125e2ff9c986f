"""EPANET's runs of a file that says the same: how well EPANET's own answer is determined.

Trials end at a change of 1e-5, rounding is some 1e-13 of heads times conductances of up to 1e8, and
statuses hang on either. Where the order of the file's lines or a part in a billion of the demand
changes EPANET's answer, that answer is chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from otsim.config.epanet import WaterNetwork

_PARTS = (1e-9, -1e-9, 5e-10, -5e-10)  # of the demand
_SECTION = r"(?ims)^\[{0}[^\n]*\n(.*?)(?=^\[|\Z)"


def variants(inp: Path, given: WaterNetwork, folder: Path) -> Iterator[Path]:
    """Write files that say the same as one, but for their lines' order or 1e-9 of the demand.

    Args:
        inp: the file.
        given: what it holds.
        folder: where to write.
    """
    text = inp.read_text(encoding="utf-8", errors="replace")
    texts = [_turned(text, section) for section in ("PIPES", "JUNCTIONS")]
    for part in _PARTS:
        factor = given.options.demand_multiplier * (1.0 + part)
        more = f"\n[OPTIONS]\nDemand Multiplier {factor!r}\n"
        texts.append(re.sub(r"(?im)^\[END\][^\n]*", "", text) + more)
    for i, changed in enumerate(texts):
        path = folder / f"{inp.stem}_{i}.inp"
        path.write_text(changed, encoding="utf-8")
        yield path


def _turned(text: str, section: str) -> str:
    """Turn the order of a section's lines round."""

    def turned(found: re.Match[str]) -> str:
        head = found[0][: found.start(1) - found.start()]
        return head + "\n".join(reversed(found[1].splitlines())) + "\n\n"

    return re.sub(_SECTION.format(section), turned, text)


__all__ = ["variants"]

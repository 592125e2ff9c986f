"""[ENERGY]: price and efficiency of all pumps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from otsim.config.epanet.faults import Faults, shown
from otsim.config.epanet.fields import SMALLEST, Fields, n_words, word
from otsim.config.epanet.inp_lines import Line

__all__ = ["Energy", "read_energy"]

_PARAMETERS = ("PRICE", "PATTern", "EFFIciency")
_NOT_USED = "Energy patterns, demand charges and what [ENERGY] says of single pumps are not used."


@dataclass
class Energy:
    """What the section says.

    Attributes:
        price: currency per kWh.
        efficiency: of the pumps, per cent.
        ignored: a sentence on what is not used, if there is such.
    """

    price: float = 0.0
    efficiency: float = 75.0
    ignored: tuple[str, ...] = ()


def read_energy(lines: Iterable[Line], faults: Faults) -> Energy:
    """Read what holds for all pumps; the last of a repeated line holds."""
    energy = Energy()
    for line in lines:
        fields = Fields(line, faults)
        last = len(fields) - 1
        parameter = word(fields.text(last - 1), _PARAMETERS) if last > 1 else None
        if n_words(fields, "DEMANd"):
            if fields.number(2, "demand charge", low=0):
                energy.ignored = (_NOT_USED,)
        elif n_words(fields, "PUMP") and parameter:
            energy.ignored = (_NOT_USED,)
        elif not n_words(fields, "GLOBal") or parameter is None:
            said = shown(" ".join(fields.text(i) for i in range(3)).strip())
            fields.fault(0, f"no energy line begins {said}; write GLOBAL PRICE number or such")
        elif parameter == "PRICE":
            energy.price = fields.number(last, "price", low=0)
        elif parameter == "EFFIciency":
            energy.efficiency = fields.number(last, "efficiency", low=SMALLEST, high=100)
        else:
            energy.ignored = (_NOT_USED,)
    return energy

"""Water networks in EPANET files (.inp)."""

from otsim.config.epanet.network import WaterNetwork
from otsim.config.epanet.read_network import read_network

__all__ = ["WaterNetwork", "read_network"]

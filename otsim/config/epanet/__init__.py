"""Water networks in EPANET files (.inp)."""

from otsim.config.epanet.network import WaterNetwork
from otsim.config.epanet.read_network import network_text, parse_network, read_network

__all__ = ["WaterNetwork", "network_text", "parse_network", "read_network"]

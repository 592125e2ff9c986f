"""Water distribution networks: EPANET's extended-period hydraulics for many twins at once."""

"""Tennessee Eastman: reactor, condenser, separator, stripper and recycle in closed loop."""
